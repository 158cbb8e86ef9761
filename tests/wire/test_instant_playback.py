"""Instant playback over HTTP: addresses, ranges, caches, protection, and what players are told."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest

from openvod.signing.hotlink import link_digest
from openvod.signing.player_signature import player_signature
from support.corpus.build import AAC, H264, ffmpeg, heard, seen
from support.media.packaged import frames
from support.server import PlatformServer
from support.server.api import call
from support.server.wire import Wire

_KEY = "24FEQmTzro4V5u3D5epW"
_HLS = "application/vnd.apple.mpegurl"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Nine seconds of picture and sound, index last."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    ffmpeg(*seen(seconds=9), *heard(9), *H264, *AAC, str(path))
    return path.read_bytes()


@dataclass(frozen=True)
class Uploaded:
    """A committed file."""

    wire: Wire
    file_id: str
    url: str

    def get(self, address: str, **headers: str) -> httpx.Response:
        """Fetch an address beside the original."""
        return self.wire.http.get(urljoin(self.url, address), headers=headers)

    def sources(self, query: str = "") -> httpx.Response:
        """Ask for what players are told."""
        return self.wire.http.get(f"{self.wire.url}/play/{self.file_id}/sources.json{query}")


def _upload(wire: Wire, body: bytes, kind: str = "mp4") -> Uploaded:
    applied = wire.apply(videoType=kind)
    assert applied.put(body).status_code == 200
    data = wire.commit(applied)["data"]
    return Uploaded(wire, str(data["fileId"]), str(data["video"]["url"]))


@pytest.fixture(scope="module")
def plain(wire: Wire, film: bytes) -> Uploaded:
    """The film in the main application."""
    return _upload(wire, film)


@pytest.fixture(scope="module")
def guarded(shared_server: PlatformServer, wire: Wire, film: bytes) -> Iterator[Uploaded]:
    """The film in an application whose links must be signed."""
    created = call(wire, "CreateSubAppId", {"Name": "cinema"})
    client = Wire(shared_server.url, shared_server.create_key(created["SubAppId"]))
    file = _upload(client, film)
    policy = {"Status": "Enabled", "EncryptedKey": _KEY}
    assert "Error" not in call(
        client, "ModifyVodDomainConfig", {"Domain": "127.0.0.1", "UrlSignatureAuthPolicy": policy}
    )
    time.sleep(1.1)
    yield file
    client.http.close()


def _lines(text: str) -> list[str]:
    """Return the addresses in a playlist, the initialisation segment first."""
    return re.findall(r'URI="([^"]+)"', text) + [line for line in text.splitlines() if line and line[0] != "#"]


def test_it_plays_at_once_and_whole(plain: Uploaded, film: bytes) -> None:
    """Right after Commit the lists lead to segments that are the film, frame by frame."""
    master = plain.get(f"{plain.url}.hls.m3u8")
    assert (master.status_code, master.headers["content-type"]) == (200, _HLS)
    assert re.search(r'CODECS="avc1\.[0-9a-f]{6},mp4a\.40\.2",RESOLUTION=320x180,FRAME-RATE=25\.000', master.text)
    (media_address,) = _lines(master.text)
    media = plain.get(media_address)
    for tag in ("#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-MAP:", "#EXT-X-ENDLIST"):
        assert tag in media.text
    lengths = [float(each) for each in re.findall(r"#EXTINF:([\d.]+),", media.text)]
    assert sum(lengths) == pytest.approx(9, abs=0.1)
    whole = b"".join(plain.get(address).content for address in _lines(media.text))
    assert frames(whole) == frames(film)


def _first_segment(file: Uploaded) -> str:
    media = file.get(f"{file.url}.hls.media.m3u8")
    return urljoin(file.url, _lines(media.text)[1])


def test_segments_have_ranges_validators_and_stay_for_ever(plain: Uploaded) -> None:
    """HEAD, ranges, conditions and caches work as for any file; lists are kept for seconds only."""
    address = _first_segment(plain)
    whole = plain.get(address)
    assert whole.headers["content-type"] == "video/iso.segment"
    assert whole.headers["cache-control"] == "public, max-age=31536000, immutable"
    head = plain.wire.http.head(address)
    assert (head.headers["content-length"], head.content) == (str(len(whole.content)), b"")
    # A range that begins in what the platform wrote and ends in what was uploaded.
    part = plain.get(address, range="bytes=10-4000")
    assert (part.status_code, part.content) == (206, whole.content[10:4001])
    assert part.headers["content-range"] == f"bytes 10-4000/{len(whole.content)}"
    assert plain.get(address, range="bytes=-7").content == whole.content[-7:]
    outside = plain.get(address, range=f"bytes={len(whole.content)}-")
    assert (outside.status_code, outside.headers["content-range"]) == (416, f"bytes */{len(whole.content)}")
    assert plain.get(address, **{"if-none-match": whole.headers["etag"]}).status_code == 304
    assert plain.get(f"{plain.url}.hls.m3u8").headers["cache-control"] == "public, max-age=10"


def test_any_page_may_load_it(plain: Uploaded) -> None:
    """Scripts of any origin read lists, segments and sources."""
    sources = f"{plain.wire.url}/play/{plain.file_id}/sources.json"
    for address in (f"{plain.url}.hls.m3u8", _first_segment(plain), sources):
        assert plain.get(address).headers["access-control-allow-origin"] == "*"
        assert plain.get(address, origin="https://a.test").headers["access-control-allow-origin"] == "https://a.test"


def test_addresses_that_lead_nowhere(plain: Uploaded) -> None:
    """Segments of other bytes, segments after the last, and packages of nothing are 404 with words."""
    first = _first_segment(plain)
    version = first.split(".hls.")[1].split(".")[0]
    wrong = [
        f"{plain.url}.hls.00000000.0.m4s",
        f"{plain.url}.hls.{version}.99.m4s",
        f"{plain.url}.hls.{version}.0.m3u8",
        f"{plain.url}.hls.{version}.init.m4s",
        f"{plain.url}x.hls.m3u8",
        f"{plain.url}.hls.m3u8.hls.m3u8",
    ]
    for address in wrong:
        answer = plain.get(address)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "playback.not_found"), address


def test_an_uncommitted_file_is_not_packaged(wire: Wire, film: bytes) -> None:
    """Only Commit publishes."""
    applied = wire.apply()
    applied.put(film)
    assert wire.http.get(f"{wire.url}/{applied.media_key}.hls.m3u8").status_code == 404


def test_a_forbidden_file_is_forbidden_in_every_form(wire: Wire, film: bytes) -> None:
    """What was taken out of playback is refused as the original is, lists and segments too."""
    file = _upload(wire, film)
    segment = _first_segment(file)
    forbidden = {"FileIds": [file.file_id], "Operation": "forbid"}
    assert "Error" not in call(wire, "ForbidMediaDistribution", forbidden)
    for address in (file.url, f"{file.url}.hls.m3u8", f"{file.url}.hls.media.m3u8", segment):
        assert file.get(address).status_code == 403, address
    told = file.sources()
    assert (told.status_code, told.json()["error"]["code"]) == (403, "playback.forbidden")


def _query(directory: str, **more: str) -> str:
    parameters = {"t": f"{int(time.time()) + 600:08x}"} | more
    sign = link_digest(_KEY, directory, parameters)
    return "&".join(f"{name}={value}" for name, value in (parameters | {"sign": sign}).items())


def test_one_signed_link_opens_lists_and_segments(guarded: Uploaded, film: bytes) -> None:
    """The link of the original opens the lists; they carry links that open what they name; nothing opens without."""
    path = urlsplit(guarded.url).path
    query = _query(path[: path.rfind("/") + 1])
    assert guarded.get(f"{guarded.url}?{query}").status_code == 200
    assert guarded.get(f"{guarded.url}.hls.m3u8").status_code == 403
    master = guarded.get(f"{guarded.url}.hls.m3u8?{query}")
    assert master.headers["cache-control"] == "private, no-store"
    media = guarded.get(_lines(master.text)[0])
    whole = b"".join(guarded.get(address).content for address in _lines(media.text))
    assert frames(whole) == frames(film)
    for address in _lines(media.text):
        assert guarded.get(address.partition("?")[0]).status_code == 403
        assert guarded.get(address.replace("sign=", "sign=0")).status_code == 403


def test_a_preview_ends(guarded: Uploaded, film: bytes) -> None:
    """A link with a preview opens the lists and the file up to its end; it opens no segment by itself."""
    path = urlsplit(guarded.url).path
    directory = path[: path.rfind("/") + 1]
    whole = guarded.get(f"{guarded.url}.hls.media.m3u8?{_query(directory)}").text
    limited = _query(directory, exper="30", us="72d4cd1101")
    beginning = guarded.get(f"{guarded.url}?{limited}")
    assert (beginning.status_code, frames(beginning.content)) == (200, frames(film))
    master = guarded.get(f"{guarded.url}.hls.m3u8?{limited}")
    shown = guarded.get(_lines(master.text)[0]).text
    # The film is shorter than any preview that links can have, so all of it is shown, by tokens of single files.
    assert len(_lines(shown)) == len(_lines(whole))
    assert frames(b"".join(guarded.get(address).content for address in _lines(shown))) == frames(film)
    for address in _lines(shown):
        assert guarded.get(f"{address.partition('?')[0]}?{limited}").status_code == 403


def _psign(guarded: Uploaded, key: str = "", **more: object) -> str:
    key = key or call(guarded.wire, "DescribeDefaultDistributionConfig")["PlayKey"]
    now = int(time.time())
    payload: dict[str, Any] = {
        "appId": 1, "fileId": guarded.file_id, "contentInfo": {"audioVideoType": "Original"},
        "currentTimeStamp": now, "expireTimeStamp": now + 600,
        "urlAccessInfo": {"t": f"{now + 600:08x}", "us": "72d4cd1101"},
    }  # fmt: skip
    return player_signature(key, payload | more)


def test_a_player_signature_opens_a_guarded_file(guarded: Uploaded) -> None:
    """With psign every address is signed as it says; without one, or with a wrong one, players are told why."""
    told = guarded.sources(f"?psign={_psign(guarded)}").json()
    assert told["state"] == "instant"
    for source in told["sources"]:
        assert parse_qs(urlsplit(source["url"]).query)["us"] == ["72d4cd1101"]
        assert guarded.get(source["url"]).status_code == 200
    refusals = {
        "": (1008, "psign.missing"),
        _psign(guarded, "abcdefgh12345678"): (1009, "psign.signature"),
        _psign(guarded, fileId="1"): (1009, "psign.member"),
        _psign(guarded, expireTimeStamp=int(time.time()) - 5): (1009, "psign.expired"),
        _psign(guarded, urlAccessInfo={"t": "soon"}): (1009, "hotlink.signature"),
        "nonsense": (1009, "psign."),
    }
    for psign, (number, code) in refusals.items():
        answer = guarded.sources(f"?psign={psign}" if psign else "")
        error = answer.json()["error"]
        assert (answer.status_code, error["playerCode"]) == (403, number), psign
        assert error["code"].startswith(code)


def test_sources_of_an_upload(plain: Uploaded) -> None:
    """Players are told the sources best first, the title, and how long it is; asking again costs no body."""
    told = plain.sources()
    body = told.json()
    assert (body["fileId"], body["title"], body["kind"], body["state"]) == (plain.file_id, "clip", "video", "instant")
    assert body["duration"] == pytest.approx(9, abs=0.1)
    assert [(source["kind"], source["type"]) for source in body["sources"]] == [
        ("instant", _HLS),
        ("progressive", "video/mp4"),
    ]
    assert body["sources"][0]["url"] == f"{plain.url}.hls.m3u8"
    _settled(plain)
    etag = plain.sources().headers["etag"]
    again = plain.wire.http.get(str(told.url), headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


def _settled(file: Uploaded) -> dict[str, Any]:
    """Wait until nothing more will come."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        told: dict[str, Any] = file.sources().json()
        if not told["pending"]:
            return told
        time.sleep(0.1)
    raise AssertionError("still pending")


@pytest.mark.parametrize(
    ("kind", "arguments", "state", "words"),
    [
        ("webm", (*seen(), "-c:v", "libvpx", "-deadline", "realtime"), "progressive", "no MP4"),
        ("flv", (*seen(), *heard(), *H264, *AAC), "waiting", "no MP4"),
        ("mp4", (*seen(), "-c:v", "mpeg4"), "waiting", "mp4v"),
    ],
)
def test_odd_uploads_have_a_state(
    wire: Wire, tmp_path: Path, kind: str, arguments: tuple[str, ...], state: str, words: str
) -> None:
    """What is not packaged is played as it is, or waits; players are told which, and why."""
    path = tmp_path / f"odd.{kind}"
    ffmpeg(*arguments, str(path))
    file = _upload(wire, path.read_bytes(), kind)
    told = _settled(file)
    assert (told["state"], [source["kind"] for source in told["sources"]]) == (
        state,
        ["progressive"] if state == "progressive" else [],
    )
    assert words in told["reason"]
    answer = file.get(f"{file.url}.hls.m3u8")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "playback.not_packaged")


def test_files_that_are_not_there(wire: Wire, film: bytes) -> None:
    """An unknown and a deleted file are told apart from everything else: 1001."""
    file = _upload(wire, film)
    assert "Error" not in call(wire, "DeleteMedia", {"FileId": file.file_id})
    for file_id in (file.file_id, "1", "99999999999999999999"):
        answer = wire.http.get(f"{wire.url}/play/{file_id}/sources.json")
        error = answer.json()["error"]
        assert (answer.status_code, error["playerCode"], error["code"]) == (404, 1001, "media.unknown")


def test_the_page_is_strict_and_embeddable(plain: Uploaded) -> None:
    """The page runs only its own scripts, and any page may embed it."""
    page = plain.wire.http.get(f"{plain.wire.url}/play/{plain.file_id}")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "frame-ancestors *" in policy
    assert "unsafe" not in policy
    script = re.search(r'src="(/play/assets/[^"]+\.js)"', page.text)
    assert script
    loaded = plain.wire.http.get(plain.wire.url + script[1])
    assert (loaded.status_code, loaded.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    assert plain.wire.http.get(f"{plain.wire.url}/play/assets/none.js").status_code == 404
    assert plain.wire.http.get(f"{plain.wire.url}/play/").status_code == 404
