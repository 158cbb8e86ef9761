"""The media corpus: how its files are made, and what their uploader may expect."""
