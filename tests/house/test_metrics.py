"""The measures of the source find what they are for, and their list of known offenders only shrinks."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.scripts import load_script

metrics = load_script("metrics")


def _offenders(root: Path, metric: str, files: Mapping[str, str]) -> dict[str, int]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found: Mapping[str, int] = next(each for each in metrics.measure(root) if each.name == metric).offenders
    return dict(found)


def _lines(count: int, line: str = "    x = 1\n") -> str:
    return line * count


_SERVICE = "class Store(Protocol): ...\nclass Size: ...\n@dataclass\nclass Limit:\n    n: int\n" + (
    "class Service:\n    def __init__(self, a: Store, b: Store | None, c: Size, d: Size, e: Size, f: Size,\n"
    "        g: Limit, h: int, i: Callable[[], int]{more}) -> None: ...\n"
)


@pytest.mark.parametrize(
    ("metric", "files", "offenders"),
    [
        ("function-lines", {"src/openvod/a.py": "def f():\n" + _lines(59)}, {}),
        ("function-lines", {"src/openvod/a.py": "def f():\n" + _lines(60)}, {"src/openvod/a.py:f": 61}),
        (
            "function-lines",
            {"tests/a.py": "class A:\n  if 1:\n   async def f():\n" + _lines(60)},
            {"tests/a.py:A.f": 61},
        ),
        ("function-p99", {"src/openvod/a.py": "def f():\n" + _lines(31)}, {"all": 32}),
        ("file-lines", {"console/a.tsx": _lines(401), "console/api.gen.ts": _lines(401)}, {"console/a.tsx": 401}),
        ("file-lines", {"tests/a.py": _lines(400, "x = 1\n"), "sdk/web/node_modules/b.js": _lines(999)}, {}),
        (
            "fan-out",
            {f"src/openvod/m{n}.py": "" for n in range(26)}
            | {"src/openvod/a.py": _lines(1, "from openvod.m0 import x, y\nimport os\n")
               + "def f():\n" + "".join(f"    from openvod import m{n}\n" for n in range(26))},
            {"openvod.a": 26},
        ),
        ("collaborators", {"src/openvod/a.py": _SERVICE.format(more="")}, {}),
        ("collaborators", {"src/openvod/a.py": _SERVICE.format(more=", j: Store")}, {"openvod.a.Service": 8}),
        (
            "private-imports",
            {"src/openvod/a.py": "from openvod.b import _c\nfrom openvod.b import __version__\n"},
            {"src/openvod/a.py: openvod.b._c": 1},
        ),
        (
            "private-imports",
            {
                "src/openvod/p/__init__.py": "from ._q import f\nfrom . import _q\n",
                "src/openvod/p/_q.py": "",
                "tests/t.py": "from openvod.p._q import f\n",
            },
            {"tests/t.py: openvod.p._q.f": 1},
        ),
        (
            "dialect-words",
            {"src/openvod/storage/a.py": '"""Of\nCOS."""\nclass CosError: ...\nx = "x-cos-acl"\ny = "no cos"\n# ugc\n'},
            {"src/openvod/storage/a.py": 4},
        ),
        ("dialect-words", {"src/openvod/tasks/a.py": "cost = _process('cos.X')\n"}, {"src/openvod/tasks/a.py": 1}),
        ("dialect-words", {"src/openvod/surfaces/a.py": "cos = 1\n", "src/openvod/media/a.py": "cost = 'cos'\n"}, {}),
        (
            "ignored-types",
            {"src/openvod/a.py": "a = 1  # type: ignore[misc]  # why\n# why\nb = 1  # type: ignore[misc]\n"
             "c = 1  # type: ignore[misc]\n"},
            {"src/openvod/a.py": 1},
        ),
    ],
)  # fmt: skip
def test_what_is_measured(tmp_path: Path, metric: str, files: Mapping[str, str], offenders: Mapping[str, int]) -> None:
    """Each measure names those past its limit with their figure, and nothing that is within."""
    filler = {
        "src/openvod/short.py": "".join(f"def f{n}():\n    pass\n" for n in range(99 * (metric != "function-p99")))
    }
    assert _offenders(tmp_path, metric, filler | dict(files)) == offenders


@pytest.mark.parametrize(
    ("lines", "allowed", "fault", "left"),
    [
        (450, {}, "has 450, allowed 400", {}),
        (450, {"a.py": 440}, "has 450, allowed 440", {"tests/a.py": 440}),
        (450, {"a.py": 450}, None, {"tests/a.py": 450}),
        (450, {"a.py": 470}, None, {"tests/a.py": 450}),
        (390, {"a.py": 450}, "mended or moved", {}),
    ],
)
def test_the_list_only_shrinks(
    tmp_path: Path, lines: int, allowed: Mapping[str, int], fault: str | None, left: Mapping[str, int]
) -> None:
    """An offender passes up to its listed figure; ``shrunk`` lowers and removes entries, and adds none."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "a.py").write_text("x = 1\n" * lines)
    listed = {"file-lines": {f"tests/{name}": figure for name, figure in allowed.items()}}
    measured = [metrics.file_lengths(metrics.Tree(tmp_path))]
    found = metrics.faults(measured, listed)
    assert [fault in each for each in found] == [True] if fault else not found
    assert metrics.shrunk(measured, listed) == {"file-lines": left}


def test_the_source_is_within_its_measures() -> None:
    """Nothing is past a limit but what ``scripts/metrics.toml`` lists, and nothing is listed that is within it.

    What was made smaller comes off the list by ``scripts/metrics.py --shrink``; what moved is renamed there by hand.
    """
    allowed = tomllib.loads((metrics.ROOT / metrics.ALLOWED).read_text())
    assert metrics.faults(metrics.measure(metrics.ROOT), allowed) == []
