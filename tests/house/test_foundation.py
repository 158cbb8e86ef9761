"""One place makes adapters: what one process of an installation uses, every other uses too."""

from __future__ import annotations

import ast
from pathlib import Path

from openvod.app.settings import Settings

_APP = Path(__file__).parents[2] / "src" / "openvod" / "app"
#: Settings of our own tools that stand on no installation, and an engine that belongs to one process alone.
_ALLOWED = {"DbosEngine", "SqlInstallationTable"}


def _made(path: Path) -> set[str]:
    """Return the classes of adapters that a module calls."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("openvod.adapters")
        for alias in node.names
    }
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return {name for name in imported & calls if name[0].isupper() or name in {"open_database", "upgrade"}}


def test_only_the_foundation_makes_adapters() -> None:
    """No other module of ``app`` makes one: a setting that it would forget could not reach its process."""
    elsewhere = {
        path.name: made
        for path in _APP.rglob("*.py")
        if path.name not in {"foundation.py", "media_programs.py"} and (made := _made(path) - _ALLOWED)
    }
    assert elsewhere == {}


def test_every_setting_is_read() -> None:
    """A setting that nothing reads would be a promise that nobody keeps."""
    read = {
        node.attr
        for path in _APP.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }
    names = {name for field in Settings.model_fields.values() for name in type(field.get_default()).model_fields}
    assert names - read == set()
