"""HTTP out, to where others say: a guarded dialler, and the poster of events on it."""

from openvod.adapters.http.dialler import Dialler
from openvod.adapters.http.poster import HttpPoster

__all__ = ["Dialler", "HttpPoster"]
