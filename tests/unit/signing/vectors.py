"""The conformance vectors, as the tests of this room read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).resolve().parents[3] / "conformance"


def conformance(name: str) -> dict[str, Any]:
    """Return one conformance file, without ``.json``."""
    document: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))
    return document


def vector_id(vector: dict[str, Any]) -> str:
    """Name a parametrised test after its vector."""
    return str(vector["id"])
