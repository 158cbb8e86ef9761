"""What a decoder that a hostile file has taken over might try."""
