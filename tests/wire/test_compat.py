"""``/compat/web.js`` on the wire."""

from __future__ import annotations

from support.server.wire import Wire


def test_the_script_is_served_and_checked_for_changes(wire: Wire) -> None:
    """It is JavaScript, runs on pages of every origin, and is sent again only when it has changed."""
    first = wire.http.get(f"{wire.url}/compat/web.js", headers={"Origin": "https://app.example.test"})
    assert first.status_code == 200
    assert first.headers["content-type"] == "text/javascript; charset=utf-8"
    assert first.headers["access-control-allow-origin"] == "https://app.example.test"
    assert "Vod-Forward-Cos" in first.text
    again = wire.http.get(f"{wire.url}/compat/web.js", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert wire.http.post(f"{wire.url}/compat/web.js").status_code == 400


def test_a_named_host_must_be_a_bucket_of_ours(wire: Wire) -> None:
    """The header that the script adds leads to buckets of this platform alone, whatever signature comes with it."""
    for host in ("example.com", "internal.service:80", "unknown-1250000000.cos.ap-chongqing.myqcloud.com"):
        answer = wire.http.put(f"{wire.url}/a.mp4", content=b"x", headers={"Vod-Forward-Cos": host})
        assert answer.status_code in (403, 404), answer.text
        assert "NoSuchBucket" in answer.text
