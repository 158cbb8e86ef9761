"""One driver for each official client."""

from __future__ import annotations

from clients.drivers.base import Driver
from clients.drivers.browser import CosJs, OpenVodWeb, VodJs, VodJs14, VodJsOneDomain, VodJsS3
from clients.drivers.compiled import CosGo, CosJava, VodJava
from clients.drivers.programs import Android, CosNodejs, CosPython, Ios, VodPython, VodWx

#: The columns of the matrix.
DRIVERS: tuple[type[Driver], ...] = (
    VodJs,
    VodJs14,
    VodJsOneDomain,
    VodJsS3,
    OpenVodWeb,
    VodWx,
    Android,
    Ios,
    VodPython,
    VodJava,
    CosPython,
    CosNodejs,
    CosJava,
    CosGo,
    CosJs,
)
