"""HTTP out: posts events to app servers."""

from openvod.adapters.http.poster import HttpPoster

__all__ = ["HttpPoster"]
