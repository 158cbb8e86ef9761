"""HTTP out, to where others say: a guarded dialler, and on it the poster of events and the fetcher of files."""

from openvod.adapters.http.dialler import Dialler
from openvod.adapters.http.fetcher import HttpFetcher
from openvod.adapters.http.poster import HttpPoster

__all__ = ["Dialler", "HttpFetcher", "HttpPoster"]
