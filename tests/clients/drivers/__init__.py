"""One driver for each official client."""

from __future__ import annotations

from clients.drivers.base import Driver
from clients.drivers.browser import VodJs, VodJs14

#: The columns of the matrix.
DRIVERS: tuple[type[Driver], ...] = (VodJs, VodJs14)
