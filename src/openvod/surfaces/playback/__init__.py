"""Playback: published files, playlists made as they are asked for, and the page that plays them."""
