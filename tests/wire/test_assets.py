"""Built files: their compressed copies, and addresses that are none."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from openvod.surfaces.assets import BuiltAssets

SCRIPT = b"export const text = 'a'; " * 200
ADDRESS = "/console/assets/main.js"


@dataclass(frozen=True)
class Raw:
    """An answer as it travelled."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def text(self) -> bytes:
        """The body without its encoding."""
        return gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body


@pytest.fixture
def assets(tmp_path: Path) -> BuiltAssets:
    """A page and its script, with the copies that the build makes."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>")
    script = tmp_path / "assets" / "main.js"
    script.write_bytes(SCRIPT)
    script.with_suffix(".js.br").write_bytes(b"as brotli")
    script.with_suffix(".js.gz").write_bytes(gzip.compress(SCRIPT))
    return BuiltAssets("/console/", tmp_path, {}, "index.html")


def fetch(assets: BuiltAssets, offer: str, headers: dict[str, str] | None = None, address: str = ADDRESS) -> Raw:
    """Get a file with this ``Accept-Encoding``."""

    async def get() -> Raw:
        async with (
            httpx.AsyncClient(transport=httpx.ASGITransport(assets), base_url="http://test") as client,
            client.stream("GET", address, headers={"Accept-Encoding": offer, **(headers or {})}) as answer,
        ):
            return Raw(answer.status_code, answer.headers, b"".join([piece async for piece in answer.aiter_raw()]))

    return asyncio.run(get())


@pytest.mark.parametrize(
    ("offer", "encoding"),
    [
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br;q=0", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("gzip;q=0.0, br; q=0", None),
    ],
)
def test_a_client_gets_the_copy_it_takes(assets: BuiltAssets, offer: str, encoding: str | None) -> None:
    """Whatever travels, what arrives is the script."""
    answer = fetch(assets, offer)
    assert (answer.status, answer.text) == (200, SCRIPT)
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]


def test_the_smaller_copy_goes_first(assets: BuiltAssets) -> None:
    """Of two that are welcome, Brotli's is smaller."""
    answer = fetch(assets, "gzip, br")
    assert (answer.headers["content-encoding"], answer.body) == ("br", b"as brotli")


def test_ranges_are_of_the_file_itself(assets: BuiltAssets) -> None:
    """Bytes of a copy would be of no use to whoever resumes."""
    answer = fetch(assets, "gzip", {"Range": "bytes=0-5"})
    assert (answer.status, answer.body) == (206, SCRIPT[:6])
    assert "content-encoding" not in answer.headers


def test_a_copy_has_a_tag_of_its_own(assets: BuiltAssets) -> None:
    """Caches keep both apart, and may ask for either again."""
    plain, packed = fetch(assets, "identity"), fetch(assets, "gzip")
    assert plain.headers["etag"] != packed.headers["etag"]
    assert fetch(assets, "gzip", {"If-None-Match": packed.headers["etag"]}).status == 304


@pytest.mark.parametrize("path", ["%00", "a%00b", "x" * 5000, "..%2f..%2fetc%2fpasswd", "assets"])
def test_what_is_no_file_shows_the_page(assets: BuiltAssets, path: str) -> None:
    """Whatever the address, there is an answer."""
    answer = fetch(assets, "identity", address=f"/console/{path}")
    assert (answer.status, answer.body) == (200, b"<!doctype html>")
