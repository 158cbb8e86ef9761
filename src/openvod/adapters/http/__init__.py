"""Outgoing HTTP to URLs that users name: a guarded dialler, the poster of events, the fetcher of files."""

from openvod.adapters.http.dialler import Dialler
from openvod.adapters.http.fetcher import HttpFetcher
from openvod.adapters.http.poster import HttpPoster

__all__ = ["Dialler", "HttpFetcher", "HttpPoster"]
