"""``openvod api docs`` and ``openvod templates list``: what the declarations say, without a server."""

from __future__ import annotations

import json
from pathlib import Path

from openvod.surfaces.api.catalogue import declared_actions
from support.server.commands import in_process


def _said(*arguments: str) -> str:
    done = in_process(*arguments)
    assert done.status == 0, done.stderr
    return done.stdout


def test_docs_tell_every_action(tmp_path: Path) -> None:
    """Each action has one section with its summary, parameters, answer, errors, group and rate."""
    page = _said("api", "docs")
    for action in declared_actions():
        section = page.partition(f"\n## {action.name}\n")[2].partition("\n## ")[0]
        assert action.summary in section
        assert f"Key group `{action.group.value}`, {action.rate} calls a second." in section
        for field in action.request.model_fields.values():
            assert f"| {field.alias}{'*' if field.is_required() else ''} |" in section, (action.name, field.alias)
        assert all(f"| {name} |" in section for name in action.members)
        assert all(f"`{code}`" in section for code in action.errors)
    assert not list(tmp_path.iterdir())


def test_docs_tell_types_limits_and_members() -> None:
    """A row has type, limits, default and meaning; members of objects have rows of their own."""
    page = _said("api", "docs", "CreateTranscodeTemplate", "DescribeTranscodeTemplates")
    assert "| Limit | integer | ≥ 1, ≤ 100, default 10 | How many at most. |" in page
    assert "| Definitions | list of integer | at most 100 entries | Only those with these ids. |" in page
    assert "| VideoTemplate.Codec* | `libx264`" in page
    assert "## ApplyUpload" not in page


def test_docs_of_no_such_action() -> None:
    """A name that does not exist is a mistake, and is named."""
    done = in_process("api", "docs", "EditMedia")
    assert done.status == 2
    assert "EditMedia: no such action" in done.stderr


def test_templates_as_json(tmp_path: Path) -> None:
    """The presets come as JSON, with kind, id and body."""
    _said("keys", "create", "--data-dir", str(tmp_path))
    rows = json.loads(_said("templates", "list", "--data-dir", str(tmp_path), "--json"))
    found = next(row for row in rows if row["kind"] == "Transcode" and row["definition"] == 100010)
    assert found["type"] == "Preset"
    assert found["body"]["Container"] == "mp4"
