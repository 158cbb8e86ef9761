"""Prints the version, or sets it in every file that contains it: ``scripts/version.py 0.2.0``.

The source of the version is ``pyproject.toml``; server, SDKs, player and console are released together under one
number. Exit status 1 lists the files that differ from it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_NUMBER = r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?"

#: File → patterns around the number, each found at least once.
_PLACES = {
    "pyproject.toml": (r'(?m)^(version = ")X(")', r'("openvod-sdk\[fastapi\]==)X(")'),
    "sdk/python/pyproject.toml": (r'(?m)^(version = ")X(")',),
    "src/openvod/__init__.py": (r'(?m)^(__version__ = ")X(")',),
    "sdk/python/src/openvod_sdk/__init__.py": (r'(?m)^(__version__ = ")X(")',),
    "sdk/web/package.json": (r'(?m)^(  "version": ")X(")',),
    "player/package.json": (r'(?m)^(  "version": ")X(")',),
    "console/package.json": (r'(?m)^(  "version": ")X(")', r'("@openvod/upload": ")X(")'),
    "package-lock.json": (
        r'("name": "@?openvod[^"]*",(?:\s+"license": "[^"]*",)?\s+"version": ")X(")',
        r'("@openvod/upload": ")X(")',
    ),
}


def current(root: Path = _ROOT) -> str:
    """Return the version of ``pyproject.toml``."""
    pattern = _PLACES["pyproject.toml"][0].replace("X", f"({_NUMBER})")
    found = re.search(pattern, (root / "pyproject.toml").read_text())
    if not found:
        raise SystemExit('pyproject.toml has no line version = "X.Y.Z"')
    return found[2]


def faults(root: Path = _ROOT) -> list[str]:
    """Return a sentence for every place that does not name the version of ``pyproject.toml``."""
    wanted = current(root)
    found = []
    for path, patterns in _PLACES.items():
        for pattern in patterns:
            numbers = {
                match[2] for match in re.finditer(pattern.replace("X", f"({_NUMBER})"), (root / path).read_text())
            }
            if numbers != {wanted}:
                found.append(f"{path} names {', '.join(sorted(numbers)) or 'no version'}, pyproject.toml {wanted}")
    return found


def write(number: str, root: Path = _ROOT) -> None:
    """Write ``number`` into every place."""
    for path, patterns in _PLACES.items():
        text = (root / path).read_text()
        for pattern in patterns:
            text = re.sub(pattern.replace("X", _NUMBER), rf"\g<1>{number}\g<2>", text)
        (root / path).write_text(text)


def main() -> int:
    """Print or write the version; return the exit status."""
    if len(sys.argv) > 1:
        if not re.fullmatch(_NUMBER, sys.argv[1]):
            raise SystemExit(f"{sys.argv[1]!r} is no version; write X.Y.Z, or X.Y.ZrcN before a release")
        write(sys.argv[1])
    print(current())
    print("\n".join(found := faults()), file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
