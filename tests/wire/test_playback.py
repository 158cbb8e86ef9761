"""Playback of originals over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.server.wire import Wire


def test_a_committed_file_plays_and_an_uncommitted_does_not(wire: Wire, video: Path) -> None:
    """Only Commit publishes; then ranges, HEAD, conditions and the MIME type are right."""
    body = video.read_bytes()
    applied = wire.apply(videoSize=len(body))
    assert applied.put(body).status_code == 200
    url = f"{wire.url}/{applied.media_key}"
    refused = wire.http.get(url)
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "playback.not_found")
    assert wire.commit(applied)["data"]["video"]["url"] == url
    whole = wire.http.get(url)
    assert (whole.status_code, whole.headers["content-type"], whole.content) == (200, "video/mp4", body)
    part = wire.http.get(url, headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, body[1000:2000])
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(body)}"
    head = wire.http.head(url)
    assert (head.headers["content-length"], head.headers["accept-ranges"]) == (str(len(body)), "bytes")
    etag = whole.headers["etag"]
    assert wire.http.get(url, headers={"If-None-Match": etag}).status_code == 304
    changed = {"Range": "bytes=0-9", "If-Range": '"other"'}
    assert wire.http.get(url, headers=changed).status_code == 200
    outside = wire.http.get(url, headers={"Range": f"bytes={len(body)}-"})
    assert (outside.status_code, outside.headers["content-range"]) == (416, f"bytes */{len(body)}")
    assert outside.json()["error"]["code"] == "cos.InvalidRange"


@pytest.mark.parametrize("claimed", ["text/html", "image/svg+xml", "Text/HTML; charset=utf-8", "application/xhtml+xml"])
def test_what_was_uploaded_cannot_run_as_a_page(wire: Wire, claimed: str) -> None:
    """A file that claims to be a page is a file to keep, sandboxed and not sniffed, whatever its address asks for."""
    applied = wire.apply()
    applied.put(b"<script>alert(1)</script>", headers={"Content-Type": claimed})
    url = wire.commit(applied)["data"]["video"]["url"]
    for query in ("", "?response-content-type=text/html&response-content-disposition=inline"):
        answer = wire.http.get(f"{url}{query}")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"] == "attachment"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_paths_that_lead_nowhere(wire: Wire) -> None:
    """Unknown, short and climbing paths are 404, what is no text is 400; never an error of ours."""
    for path in ("/%ff/%fe", "/a/%00"):
        assert wire.http.get(f"{wire.url}{path}").status_code == 400, path
    for path in ("/", "/x", "/a/b/c", "/..%2f..%2fetc/passwd"):
        assert wire.http.get(f"{wire.url}{path}").status_code == 404, path
