"""Reports the sandbox at the start of a process, and refuses to start without it when the settings demand that."""

from __future__ import annotations

import asyncio
import logging

from openvod.adapters.sandbox.policy import ALL_WALLS, Wall
from openvod.app.foundation import Foundation
from openvod.base.errors import Unavailable

_log = logging.getLogger("openvod.sandbox")
_CURES = {
    Wall.FILES: "use a kernel with Landlock (Linux 5.13 or newer, with landlock in its list of security modules)",
    Wall.SYSTEM_CALLS: "install libseccomp (Debian: libseccomp2)",
    Wall.NETWORK: "allow unprivileged user namespaces (sysctl user.max_user_namespaces)",
}
_LEFT_OUT = "OPENVOD__SANDBOX__WALLS leaves it out"


def cures(base: Foundation, standing: frozenset[Wall]) -> dict[Wall, str]:
    """Return what brings each wall that does not stand."""
    chosen = base.settings.sandbox.walls
    return {wall: _CURES[wall] if wall in chosen else _LEFT_OUT for wall in sorted(ALL_WALLS - standing)}


async def check_sandbox(base: Foundation) -> None:
    """Log which walls stand; raises ``Unavailable("sandbox.incomplete")`` if one is missing and all are required."""
    standing = await asyncio.to_thread(base.programs.walls)
    if not (missing := cures(base, standing)):
        _log.info("media programs run in a sandbox: %s", ", ".join(sorted(standing)))
        return
    advice = "; ".join(f"{wall}: {cure}" for wall, cure in missing.items())
    if base.settings.sandbox.required:
        raise Unavailable(
            "sandbox.incomplete", f"OPENVOD__SANDBOX__REQUIRED is set, and the sandbox lacks walls ({advice})"
        )
    _log.warning("media programs run without these walls: %s", advice)
