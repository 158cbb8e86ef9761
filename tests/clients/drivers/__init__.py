"""One driver for each official client."""

from __future__ import annotations

from clients.drivers.base import Driver
from clients.drivers.browser import CosJs, VodJs, VodJs14, VodJsOneDomain
from clients.drivers.programs import CosNodejs, CosPython, VodPython, VodWx

#: The columns of the matrix.
DRIVERS: tuple[type[Driver], ...] = (VodJs, VodJs14, VodJsOneDomain, VodWx, VodPython, CosPython, CosNodejs, CosJs)
