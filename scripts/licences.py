"""Generates the licences of installed packages from the lock files: a documentation page and an SBOM.

Writes docs/reference/licences.md and requirements/sbom.cdx.json (CycloneDX 1.6), ``--check`` compares only.
Exit status 1 names every licence outside ``requirements/licences.toml``, every package without one and every text of
the GPL or AGPL without a row in the table: metadata can say MIT although the licence text is another.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from license_expression import ExpressionError, get_spdx_licensing
from packageurl import PackageURL

_ROOT = Path(__file__).parents[1]
_TABLE = "requirements/licences.toml"
_PAGE = "docs/reference/licences.md"
_SBOM = "requirements/sbom.cdx.json"
_SPDX = get_spdx_licensing()
_FILE = re.compile(r"licen[cs]e|copying|notice", re.IGNORECASE)
#: The heading of a licence text; other licences only mention these two.
_HEADING = re.compile(r"^\W*GNU (AFFERO )?GENERAL PUBLIC LICENSE\W*$", re.MULTILINE)
_CODE = (".py", ".pyc", ".pyi", ".js", ".html")
#: SPDX identifiers of licence names in old metadata.
_WORDS = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
}
_HEAD = """\
# Licences

OpenVOD is under Apache-2.0. This page lists the packages in the lock files; `scripts/licences.py` (part of `make lock`)
generates this page and the [SBOM](../../requirements/sbom.cdx.json) (CycloneDX 1.6). `make lint` fails on a licence
outside [licences.toml](../../requirements/licences.toml), and on a GPL or AGPL text inside a package without a row
under *Inside packages*, whatever the metadata say. No package is under the AGPL.

## Inside packages

| Package | Carries | Licence | |
| --- | --- | --- | --- |
ROWS

Not installed: NudeNet 3.4 (`openvod[review-nudenet]`). Its metadata say MIT, both licence texts in its wheel are the
AGPL-3.0: whoever offers a changed version over a network owes its users the source
([decision 40](../decisions/0040-reviewer-and-licences.md))."""


@dataclass(frozen=True)
class Package:
    """A locked package: ``ecosystem`` is pypi or npm, ``licence`` an SPDX expression, "" when nobody knows it."""

    ecosystem: str
    name: str
    version: str
    licence: str
    development: bool = False


@dataclass(frozen=True)
class Rules:
    """The table: allowed identifiers, corrected licences, what packages carry."""

    runtime: frozenset[str]
    development: frozenset[str]
    licences: dict[str, str]
    contents: tuple[dict[str, str], ...]


def read_rules(text: str) -> Rules:
    """Read ``requirements/licences.toml``."""
    table = tomllib.loads(text)
    allowed = table["allowed"]
    runtime = frozenset(allowed["runtime"])
    return Rules(runtime, runtime | set(allowed["development"]), table["licences"], tuple(table["contents"]))


def locked_python(text: str) -> list[tuple[str, str]]:
    """Return names and versions of a lock file of Python."""
    return sorted(set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)", text, re.MULTILINE)))


def locked_npm(text: str, rules: Rules, *, development: bool) -> Iterator[Package]:
    """Return the packages of an npm lock file."""
    for place, each in json.loads(text)["packages"].items():
        if "node_modules/" in place and not each.get("link"):
            name = place.rpartition("node_modules/")[2]
            licence = rules.licences.get(name, each.get("license", ""))
            yield Package("npm", name, each["version"], spdx(licence), development or bool(each.get("dev")))


def spdx(told: str) -> str:
    """Return a licence as an SPDX expression; "" for what is none."""
    told = _WORDS.get(told.strip().lower(), told.strip()).replace(" or ", " OR ").replace(" and ", " AND ")
    try:
        parsed = _SPDX.parse(told, validate=True)
    except ExpressionError:
        return ""
    return "" if parsed is None else str(parsed)


def told_licence(found: Distribution) -> str:
    """Return what a package's metadata says of its licence."""
    metadata = found.metadata
    for name in ("License-Expression", "License"):
        told = metadata.get_all(name) or [""]
        if licence := spdx(told[0]):
            return licence
    classifiers = [
        each.rpartition(" :: ")[2] for each in metadata.get_all("Classifier") or [] if "OSI Approved" in each
    ]
    return spdx(classifiers[0]) if len(classifiers) == 1 else ""


def strong_texts(found: Distribution) -> list[str]:
    """Return the files of a package that are the text of the GPL or the AGPL."""
    files = [each for each in found.files or () if _FILE.search(each.name) or "licenses" in each.parts]
    texts = [each for each in files if not each.name.endswith(_CODE)]
    return [str(each) for each in texts if _HEADING.search(_text(Path(str(each.locate()))))]


def _text(path: Path) -> str:
    return path.read_text("utf-8", "replace") if path.is_file() else ""


def installed(name: str) -> Distribution | None:
    """Return a package of this environment; locks also name some of other systems."""
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def python_packages(rules: Rules) -> Iterator[Package]:
    """Return what the lock files of Python name, developers' packages after the others."""
    locks = {name: locked_python((_ROOT / "requirements" / f"{name}.txt").read_text()) for name in ("runtime", "dev")}
    for lock, pins in locks.items():
        for name, version in pins:
            if lock == "runtime" or (name, version) not in locks["runtime"]:
                found = installed(name)
                licence = rules.licences.get(name) or (told_licence(found) if found else "")
                yield Package("pypi", name, version, licence, lock != "runtime")


def every_package(rules: Rules) -> list[Package]:
    """Return all packages once each; what runs outranks what only builds."""
    ours = (_ROOT / "package-lock.json").read_text()
    clients = (_ROOT / "tests" / "clients" / "package-lock.json").read_text()
    found: dict[tuple[str, str, str], Package] = {}
    for each in (*python_packages(rules), *locked_npm(ours, rules, development=False),
                 *locked_npm(clients, rules, development=True)):  # fmt: skip
        key = (each.ecosystem, each.name, each.version)
        if key not in found or not each.development:
            found[key] = each
    return sorted(found.values(), key=lambda p: (p.development, p.ecosystem != "pypi", p.name, p.version))


def refusals(packages: Iterable[Package], rules: Rules) -> Iterator[str]:
    """Say of each package what is wrong with its licence."""
    for each in packages:
        if not each.licence:
            yield f"{each.ecosystem} {each.name}: no licence is known; look, then add a row to {_TABLE}"
        elif not permitted(each.licence, rules.development if each.development else rules.runtime):
            yield f"{each.ecosystem} {each.name}: {each.licence} is not in the list of {_TABLE}"


def permitted(licence: str, allowed: frozenset[str]) -> bool:
    """Tell whether an expression can be kept: one side of OR, all sides of AND."""
    simple = {key: _SPDX.TRUE if key in allowed else _SPDX.FALSE for key in _SPDX.license_keys(licence)}
    expression = _SPDX.parse(licence)
    return bool(expression.subs({_SPDX.parse(key): value for key, value in simple.items()}).simplify() == _SPDX.TRUE)


def text_refusals(found: Iterable[Distribution], rules: Rules) -> Iterator[str]:
    """Say of each package whose texts are under a licence that neither its metadata nor a row tells."""
    known = {row["package"] for row in rules.contents}
    for each in found:
        name = str(each.metadata["Name"]).lower()
        for text in strong_texts(each) if name not in known else ():
            told = told_licence(each) or "nothing"
            yield f"pypi {name}: {text} is the text of the GPL or AGPL, its metadata say {told}"


def page(packages: Sequence[Package], rules: Rules) -> str:
    """Return the page for people."""
    rows = "\n".join(
        f"| {row['package']} | {row['what']} | {row['licence']} | {row['note']} |" for row in rules.contents
    )
    lines = [_HEAD.replace("ROWS", rows)]
    for title, development in (("With OpenVOD", False), ("On developers' machines only", True)):
        lines += ["", f"## {title}", "", "| Package | Version | Licence |", "| --- | --- | --- |"]
        lines += [
            f"| {each.name}{' (npm)' if each.ecosystem == 'npm' else ''} | {each.version} | {each.licence} |"
            for each in packages
            if each.development is development
        ]
    return "\n".join(lines) + "\n"


def sbom(packages: Sequence[Package], rules: Rules) -> str:
    """Return the bill of materials; the same locks give the same bytes."""
    bom = Bom(components=[_component(each) for each in packages] + [_content(row) for row in rules.contents])
    bom.metadata.component = Component(
        name="openvod", type=ComponentType.APPLICATION, licenses=[LicenseExpression("Apache-2.0")], bom_ref="openvod"
    )
    bom.register_dependency(bom.metadata.component, list(bom.components))
    plain: dict[str, Any] = json.loads(make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string())
    # When it was written and a number drawn for it say nothing of what is installed.
    plain.pop("serialNumber", None)
    plain["metadata"].pop("timestamp", None)
    return json.dumps(plain, indent=1, sort_keys=True) + "\n"


def _component(each: Package) -> Component:
    namespace, _, name = each.name.rpartition("/")
    url = PackageURL(each.ecosystem, namespace or None, name, each.version)
    return Component(
        name=each.name, version=each.version, type=ComponentType.LIBRARY, purl=url, bom_ref=str(url),
        scope=ComponentScope.EXCLUDED if each.development else ComponentScope.REQUIRED,
        licenses=[LicenseExpression(each.licence)] if each.licence else [],
    )  # fmt: skip


def _content(row: dict[str, str]) -> Component:
    return Component(
        name=row["what"], type=ComponentType(row["type"]), bom_ref=f"in-{row['package']}",
        licenses=[LicenseExpression(row["licence"])],
        properties=[Property(name="openvod:package", value=row["package"])],
    )  # fmt: skip


def main() -> None:
    """Write both files, or with ``--check`` compare them; complain about licences either way."""
    rules = read_rules((_ROOT / _TABLE).read_text("utf-8"))
    packages = every_package(rules)
    found = [each for name in {p.name for p in packages if p.ecosystem == "pypi"} if (each := installed(name))]
    problems = [*refusals(packages, rules), *sorted(text_refusals(found, rules))]
    for name, content in ((_PAGE, page(packages, rules)), (_SBOM, sbom(packages, rules))):
        if "--check" not in sys.argv:
            (_ROOT / name).write_text(content, "utf-8")
        elif not (_ROOT / name).exists() or (_ROOT / name).read_text("utf-8") != content:
            problems.append(f"{name} is not what the lock files say; run scripts/licences.py")
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
