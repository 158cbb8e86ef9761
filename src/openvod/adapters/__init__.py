"""Adapters: one sub-room per technology, each behind a port of a room below."""
