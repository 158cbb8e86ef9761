"""What several test folders share: real servers, a wire-level client, generated media."""
