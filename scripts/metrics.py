"""Measures the shape of the source: lengths, fan-out, collaborators, private imports, dialect words, ignored types.

Prints one line per figure, then every offender past its limit. With ``--check`` the exit status is 1 when an offender
is not listed in ``scripts/metrics.toml``, is worse than its listed figure, or is listed although it is mended. The list
only shrinks: ``--shrink`` lowers and removes entries, and never adds or raises one.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import sys
import tokenize
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil
from pathlib import Path

ROOT = Path(__file__).parents[1]
ALLOWED = "scripts/metrics.toml"

_P99_LINES = 31
_FUNCTION_LINES = 60
_FILE_LINES = 400
_FAN_OUT = 25
_COLLABORATORS = 7

_PRODUCT = ("src", "sdk/python/src")
_FOLDERS = (*_PRODUCT, "sdk", "tests", "benchmarks", "scripts", "console", "player", "examples")
_SUFFIXES = {".py", ".ts", ".tsx", ".js", ".mjs", ".css", ".java", ".go", ".sh"}
#: Generated or downloaded files.
_NOT_OURS = {"node_modules", "dist", "build", "target", "assets", "__pycache__"}
_GENERATED = ".gen.ts"

#: Rooms below the wires: they store, describe and process media whichever dialect brought it.
_NEUTRAL_ROOMS = ("storage", "media", "kinds", "processing", "tasks")
_DIALECT = re.compile(r"(?<![a-z])(x-)?(cos|ugc)(?![a-z])", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
#: A string of ours that names an error, as opposed to a value of the wire.
_ERROR_CODE = re.compile(r"(cos|ugc)\.\w+")
_IGNORE = re.compile(r"#\s*type:\s*ignore(?:\[[\w, -]+\])?(?P<reason>.*)")

_VALUE_BASES = {"Enum", "StrEnum", "IntEnum", "IntFlag", "BaseModel", "NamedTuple", "TypedDict", "Exception"}


_BLOCKS = (ast.stmt, ast.ExceptHandler, ast.match_case)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield every statement below ``node``; expressions hold no functions and no imports."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _BLOCKS):
            yield child
            yield from _statements(child)


@dataclass(frozen=True)
class Source:
    """One Python file: its path below the root, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """The dotted name under which it is imported."""
        parts = Path(self.path).with_suffix("").parts
        names = parts[parts.index("src") + 1 :] if "src" in parts else parts
        return ".".join(names[:-1] if names[-1] == "__init__" else names)

    @cached_property
    def functions(self) -> dict[str, int]:
        """The lines of every function, from ``def`` to its last line."""
        found: dict[str, int] = {}
        for name, lines in _functions(self.tree, f"{self.path}:"):
            found[name] = max(lines, found.get(name, 0))
        return found

    @cached_property
    def imports(self) -> list[tuple[str, str]]:
        """(module, name) of every import, relative ones resolved; the name is empty for a plain import."""
        package = self.module if self.path.endswith("__init__.py") else self.module.rpartition(".")[0]
        return [each for node in _statements(self.tree) for each in _imported(node, package)]


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, int]]:
    for child in ast.iter_child_nodes(node):
        inner = prefix
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + child.name, (child.end_lineno or child.lineno) - child.lineno + 1
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{prefix}{child.name}."
        if isinstance(child, _BLOCKS):
            yield from _functions(child, inner)


def _imported(node: ast.AST, package: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, "") for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        module = ".".join([*above, *([node.module] if node.module else [])])
        yield from ((module, alias.name) for alias in node.names)


@dataclass(frozen=True, slots=True)
class Metric:
    """One kind of figure: what is measured, the figure wanted, the figure of each name, extra words."""

    name: str
    title: str
    wanted: int
    found: Mapping[str, int]
    note: str = ""

    @property
    def offenders(self) -> dict[str, int]:
        """Those past the wanted figure, worst first."""
        past = {name: figure for name, figure in self.found.items() if figure > self.wanted}
        return dict(sorted(past.items(), key=lambda each: (-each[1], each[0])))


@dataclass(frozen=True)
class Tree:
    """The source below one root, parsed once."""

    root: Path

    @cached_property
    def files(self) -> list[Path]:
        """Every file that we write."""
        found = {path for folder in _FOLDERS for path in (self.root / folder).rglob("*") if path.suffix in _SUFFIXES}
        return [path for path in sorted(found) if path.is_file() and self._is_ours(path)]

    @cached_property
    def sources(self) -> list[Source]:
        """Every Python file, parsed."""
        python = [path for path in self.files if path.suffix == ".py"]
        return [Source(str(path.relative_to(self.root)), text := path.read_text(), ast.parse(text)) for path in python]

    @cached_property
    def product(self) -> list[Source]:
        """What is installed at users': the server and the Python SDK."""
        return [each for each in self.sources if each.path.startswith(_PRODUCT)]

    def _is_ours(self, path: Path) -> bool:
        return not _NOT_OURS.intersection(path.relative_to(self.root).parts) and not path.name.endswith(_GENERATED)


def p99(figures: Iterable[int]) -> int:
    """Return the smallest figure that 99 % of them do not exceed; 0 for none."""
    ordered = sorted(figures)
    return ordered[ceil(0.99 * len(ordered)) - 1] if ordered else 0


def function_lengths(tree: Tree) -> Metric:
    """Lines of every function of server, SDK, tests, benchmarks and scripts."""
    lengths = {name: lines for source in tree.sources for name, lines in source.functions.items()}
    note = f"maximum {max(lengths.values(), default=0)}, p99 {p99(lengths.values())} with tests and tools"
    return Metric("function-lines", "lines of a function", _FUNCTION_LINES, lengths, note)


def percentile(tree: Tree) -> Metric:
    """The 99th percentile of function lengths in what is installed."""
    figure = p99(lines for source in tree.product for lines in source.functions.values())
    note = f"{figure} lines in src and the SDK"
    return Metric("function-p99", "lines of a function, 99th percentile", _P99_LINES, {"all": figure}, note)


def file_lengths(tree: Tree) -> Metric:
    """Lines of every file that we write, tests and front ends too."""
    lines = {str(path.relative_to(tree.root)): len(path.read_text().splitlines()) for path in tree.files}
    return Metric("file-lines", "lines of a file", _FILE_LINES, lines)


def fan_out(tree: Tree) -> Metric:
    """How many modules of ours each installed module imports."""
    known = {each.module for each in tree.product}

    def imported(source: Source) -> set[str]:
        named = {f"{module}.{name}" if f"{module}.{name}" in known else module for module, name in source.imports}
        return (named & known) - {source.module}

    return Metric("fan-out", "own modules imported", _FAN_OUT, {s.module: len(imported(s)) for s in tree.product})


def _private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def private_imports(tree: Tree) -> Metric:
    """Imports of private names across modules; a package may import its own private modules."""

    def reaches(source: Source) -> Iterator[str]:
        for module, name in source.imports:
            owner, _, leaf = f"{module}.{name}".rstrip(".").rpartition(".")
            hidden = [n for n, part in enumerate(module.split(".")) if _private(part)]
            inside = all(source.module.startswith(".".join(module.split(".")[:n])) for n in hidden)
            submodule = _private(leaf) and f"{owner}.{leaf}" in names and source.module.startswith(owner)
            if (_private(leaf) and not submodule and name) or not inside:
                yield f"{source.path}: {module}.{name}".rstrip(".")

    names = {each.module for each in tree.sources}
    found = {each: 1 for source in tree.sources for each in reaches(source)}
    return Metric("private-imports", "private names imported across modules", 0, found)


@dataclass
class _Constructors:
    """The classes that are installed, and who is handed what at construction."""

    classes: dict[str, ast.ClassDef]
    _known: dict[str, int] = field(default_factory=dict)

    def collaborators(self, name: str) -> int:
        """Count the objects with behaviour, and the functions, that the constructor of ``name`` takes."""
        if name not in self._known:
            self._known[name] = 0  # a class that holds its own kind ends here
            self._known[name] = sum(map(self._behaves, _parameters(self.classes[name])))
        return self._known[name]

    def _behaves(self, annotation: ast.expr | None) -> bool:
        named = _names(annotation)
        return "Callable" in named or any(self._is_service(each) for each in named & set(self.classes))

    def _is_service(self, name: str) -> bool:
        """Whether a class is more than a value: a port, or one with a constructor of its own, or a holder of those."""
        cls = self.classes[name]
        bases = set().union(*map(_names, cls.bases))
        if bases & _VALUE_BASES or any(not self._is_service(each) for each in bases & set(self.classes) - {name}):
            return False
        return "Protocol" in bases or not _is_dataclass(cls) or self.collaborators(name) > 0


def _names(node: ast.expr | None) -> set[str]:
    walked = list(ast.walk(node)) if node else []
    named = {each.id for each in walked if isinstance(each, ast.Name)}
    return named | {each.attr for each in walked if isinstance(each, ast.Attribute)}


def _is_dataclass(cls: ast.ClassDef) -> bool:
    return any("dataclass" in _names(each) for each in cls.decorator_list)


def _parameters(cls: ast.ClassDef) -> list[ast.expr | None]:
    for node in cls.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            taken = node.args
            return [each.annotation for each in [*taken.posonlyargs, *taken.args[1:], *taken.kwonlyargs]]
    fields = [each for each in cls.body if isinstance(each, ast.AnnAssign)] if _is_dataclass(cls) else []
    return [each.annotation for each in fields if "ClassVar" not in _names(each.annotation)]


def constructor_collaborators(tree: Tree) -> Metric:
    """How many services, ports and functions each class is handed; values and settings do not count."""
    nodes = [(source, node) for source in tree.product for node in source.tree.body]
    classes = {node.name: node for _, node in nodes if isinstance(node, ast.ClassDef)}
    constructors = _Constructors(classes)
    found = {f"{s.module}.{n.name}": n.name for s, n in nodes if isinstance(n, ast.ClassDef) and classes[n.name] is n}
    counted = {name: constructors.collaborators(cls) for name, cls in found.items()}
    return Metric("collaborators", "collaborators of a class", _COLLABORATORS, counted)


def _docstrings(source: Source) -> set[int]:
    """Return the lines at which docstrings start."""
    texts = [node.value for node in _statements(source.tree) if isinstance(node, ast.Expr)]
    return {each.lineno for each in texts if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def _tokens(source: Source) -> Iterator[tokenize.TokenInfo]:
    return tokenize.generate_tokens(io.StringIO(source.text).readline)


#: Python 3.12 and later split f-strings into tokens of their own.
_STRINGS = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


def _our_words(source: Source) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of names, comments, docstrings, messages and error codes: all but values of the wire."""
    docstrings = _docstrings(source)
    for token in _tokens(source):
        line, text = token.start[0], token.string
        if token.type == tokenize.NAME:
            yield line, _CAMEL.sub("_", text)
        elif token.type == tokenize.COMMENT or (token.type in _STRINGS and line in docstrings):
            yield from enumerate(text.splitlines(), line)
        elif token.type in _STRINGS and (" " in text or _ERROR_CODE.fullmatch(text.strip("\"'"))):
            yield line, text


def dialect_words(tree: Tree) -> Metric:
    """Words of a wire's dialect in rooms that know no wire, per file."""
    rooms = tuple(f"src/openvod/{room}/" for room in _NEUTRAL_ROOMS)
    sources = [each for each in tree.sources if each.path.startswith(rooms)]
    found = {each.path: len({line for line, text in _our_words(each) if _DIALECT.search(text)}) for each in sources}
    return Metric("dialect-words", f"lines with cos or ugc in {_NEUTRAL_ROOMS}", 0, found)


def ignored_types(tree: Tree) -> Metric:
    """``type: ignore`` with no reason behind it or in a comment on the line before, per file."""

    def bare(source: Source) -> int:
        comments = {each.start[0]: each for each in _tokens(source) if each.type == tokenize.COMMENT}
        own_lines = {line for line, each in comments.items() if each.line.lstrip().startswith("#")}
        ignored = {line: found["reason"] for line, each in comments.items() if (found := _IGNORE.search(each.string))}
        return sum(not reason.strip(" #") and line - 1 not in own_lines for line, reason in ignored.items())

    found = {each.path: bare(each) for each in tree.sources if "type: ignore" in each.text}
    return Metric("ignored-types", "type: ignore without a reason", 0, found)


_MEASURES = (
    percentile,
    function_lengths,
    file_lengths,
    fan_out,
    constructor_collaborators,
    private_imports,
    dialect_words,
    ignored_types,
)


def measure(root: Path) -> list[Metric]:
    """Measure the tree below ``root``."""
    tree = Tree(root)
    return [each(tree) for each in _MEASURES]


Allowed = Mapping[str, Mapping[str, int]]


def faults(metrics: Iterable[Metric], allowed: Allowed) -> list[str]:
    """Return a sentence for every offender that the list does not cover, and for every entry that is mended."""
    found = []
    for metric in metrics:
        listed = allowed.get(metric.name, {})
        for name, figure in metric.offenders.items():
            if figure > listed.get(name, metric.wanted):
                limit = listed.get(name, metric.wanted)
                found.append(f"{metric.name}: {name} has {figure}, allowed {limit} ({metric.title}); make it smaller")
        for name in listed.keys() - metric.offenders.keys():
            found.append(
                f"{metric.name}: {name} is mended or moved; run scripts/metrics.py --shrink, or rename the entry"
            )
    return found


def shrunk(metrics: Iterable[Metric], allowed: Allowed) -> dict[str, dict[str, int]]:
    """Return the list without entries that are no longer needed, and with lower figures where they improved."""
    past = {metric.name: metric.offenders for metric in metrics}
    return {
        name: {each: min(figure, past[name][each]) for each, figure in listed.items() if each in past[name]}
        for name, listed in allowed.items()
    }


def _written(allowed: Allowed) -> str:
    text = "# Known offenders of scripts/metrics.py; the list may only shrink (scripts/metrics.py --shrink).\n"
    for name, listed in allowed.items():
        rows = [f'"{each}" = {figure}\n' for each, figure in sorted(listed.items())]
        text += f"\n[{name}]\n" + "".join(rows) if rows else ""
    return text


def _report(metrics: Sequence[Metric]) -> Iterator[str]:
    for metric in metrics:
        figures = metric.note or f"maximum {max(metric.found.values(), default=0)}"
        figures += f", {sum(metric.found.values())} in all" if metric.wanted == 0 else ""
        yield f"{metric.name:16} {len(metric.offenders):3} past {metric.wanted:3}  {figures}"
    for metric in (each for each in metrics if each.offenders):
        yield f"\n{metric.title}, more than {metric.wanted}:"
        yield from (f"  {figure:5}  {name}" for name, figure in metric.offenders.items())


def main(arguments: list[str] | None = None) -> int:
    """Print the figures; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="exit with 1 when something is past the allowed figure")
    parser.add_argument("--shrink", action="store_true", help="remove mended entries from the list of known offenders")
    parser.add_argument("--root", type=Path, default=ROOT, help="the tree to measure, for instance another checkout")
    chosen = parser.parse_args(arguments)
    metrics = measure(chosen.root)
    listed = chosen.root / ALLOWED
    allowed: Allowed = tomllib.loads(listed.read_text()) if listed.exists() else {}
    if chosen.shrink:
        allowed = shrunk(metrics, allowed)
        listed.write_text(_written(allowed))
    found = faults(metrics, allowed)
    sys.stdout.writelines(f"{line}\n" for line in (found if chosen.check else _report(metrics)))
    return int(chosen.check and bool(found))


if __name__ == "__main__":
    sys.exit(main())
