"""Writes which types of files are accepted, from the platform's table: a page for people, a list for the console.

It writes docs/reference/file-types.md and console/src/views/upload/accepted.ts; with ``--check`` it only compares.
"""

from __future__ import annotations

import sys
from pathlib import Path

from openvod.media.accepted import FILE_TYPES

_ROOT = Path(__file__).parents[1]
_HEAD = """\
# File types

What Apply accepts, by the ending of the name; anything else is refused with this list. `scripts/file_types.py` writes
this page from the platform's own table. What FFmpeg reads is probed, played and processed; the last column says where
the wire's own list ends.

| Ending | Category | Read as | |
| --- | --- | --- | --- |
"""


def page() -> str:
    """Return the page."""
    rows = [
        f"| {each.ending} | {each.category} | {each.reader or 'nothing: stored and handed out'} "
        f"| {'' if each.wire else 'besides the wire'} |"
        for each in FILE_TYPES
    ]
    return _HEAD + "\n".join(rows) + "\n"


def console() -> str:
    """Return the console's list for its file chooser."""
    endings = "".join(f",.{each.ending}" for each in FILE_TYPES)
    lines = [endings[start : start + 100] for start in range(0, len(endings), 100)]
    joined = " +\n".join(f'  "{line}"' for line in lines)
    return (
        "// Written by scripts/file_types.py from the platform's table.\n"
        f'export const ACCEPTED =\n  "video/*,audio/*,image/*" +\n{joined};\n'
    )


FILES = {"docs/reference/file-types.md": page, "console/src/views/upload/accepted.ts": console}


def main() -> None:
    """Write both files, or compare them."""
    for name, content in FILES.items():
        path = _ROOT / name
        if "--check" not in sys.argv:
            path.write_text(content(), "utf-8")
        elif not path.exists() or path.read_text("utf-8") != content():
            sys.exit(f"{name} is not what the table says; run scripts/file_types.py")


if __name__ == "__main__":
    main()
