"""Generates the accepted file types from the platform's table: a documentation page and a list for the console.

Writes docs/reference/file-types.md and console/src/views/upload/accepted.ts; ``--check`` compares only.
"""

from __future__ import annotations

import sys
from pathlib import Path

from openvod.media.accepted import FILE_TYPES

_ROOT = Path(__file__).parents[1]
_HEAD = """\
# File types

The file types that Apply accepts, by file name extension; other types are refused with this list.
`scripts/file_types.py` generates this page from the table in `media/accepted.py`. Types that FFmpeg
reads are probed, played and processed. The last column marks types that are not in the list of the wire protocol.

| Extension | Category | Read as | |
| --- | --- | --- | --- |
"""


def page() -> str:
    """Return the page."""
    rows = [
        f"| {each.ending} | {each.category} | {each.reader or 'not read: stored and served'} "
        f"| {'' if each.wire else 'not in the wire protocol'} |"
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
            sys.exit(f"{name} differs from the table; run scripts/file_types.py")


if __name__ == "__main__":
    main()
