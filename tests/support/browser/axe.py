"""What keeps people from using a page, by axe-core."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

_AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"
_LOOK = """(within) => axe.run(within ?? {exclude: ["iframe"]}).then((all) => [
    all.passes.length,
    all.violations.flatMap((v) => v.nodes.map((node) => [v.impact, v.id, node.html + " " + node.failureSummary])),
])"""


def violations(page: Page, within: str | None = None) -> list[tuple[str, str, str]]:
    """Return impact, rule and element of everything serious, in the page but for its frames, or in one element."""
    # Evaluated, not inserted: a page's policy lets no foreign script in.
    page.evaluate(_AXE.read_text())
    passes, found = page.evaluate(_LOOK, within)
    assert passes, "axe looked at nothing"
    return [(impact, rule, html) for impact, rule, html in found if impact in ("serious", "critical")]
