"""The command line on a uvicorn that lacks a part which our protocol relies on; started as a module."""

from __future__ import annotations

from openvod.app.cli.__main__ import main
from openvod.server import uvicorn_parts

if __name__ == "__main__":
    uvicorn_parts.PARTS = {**uvicorn_parts.PARTS, "FlowControl": ("pause_reading", "a_part_that_went")}
    main()
