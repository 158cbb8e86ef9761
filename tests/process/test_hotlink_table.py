"""Hotlink protection against a real ladder: what is presented, and the status that it gets (10.2, decision record 23).

The table is printed at the end of the run.
"""

from __future__ import annotations

import io
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import av
import httpx
import pytest

from openvod.adapters.ffmpeg.encoder import ffmpeg_path
from openvod.signing.hotlink import link_digest
from openvod.signing.play_token import PlayToken, play_token
from support.server import PlatformServer
from support.server.api import call, paced
from support.server.wire import Wire
from support.sweeps.workers import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows"), pytest.mark.timeout(300)]
_KEY, _NEXT_KEY = "24FEQmTzro4V5u3D5epW", "the/next-KEY.of:this=domain"
_US = "72d4cd1101"
_SECONDS = 40
#: The first answer comes from the database, the second opens the file, the third is sent from both memories.
_AGAIN = 3


@dataclass
class Cinema:
    """A platform whose only file has a ladder and sprites, all of it protected by KEY."""

    url: str
    original: str
    master: str
    sprite: str
    rows: list[tuple[str, int]] = field(default_factory=list)

    @property
    def media(self) -> str:
        """The lowest rung's playlist."""
        return urljoin(self.master, "video_10_0.m3u8")

    def get(self, url: str, query: str = "", *, address: str = "127.0.0.1", **headers: str) -> httpx.Response:
        """Fetch from an address of this machine, again and again: what is remembered must not open what is closed."""
        transport = httpx.HTTPTransport(local_address=address)
        with httpx.Client(transport=transport, timeout=20) as client:
            answers = [client.get(f"{url}{'?' if query else ''}{query}", headers=headers) for _ in range(_AGAIN)]
        assert len({each.status_code for each in answers}) == 1, answers
        return answers[-1]


def link(url: str, key: str = _KEY, *, seconds: int = 600, t: str = "", **parameters: str) -> str:
    """Return the query of a KEY link to a file."""
    path = urlsplit(url).path
    given = {"t": t or f"{int(time.time()) + seconds:08x}"} | parameters
    return urlencode(given | {"sign": link_digest(key, path[: path.rfind("/") + 1], given)})


def token(url: str, key: str = _KEY, *, directory: bool = False, seconds: int = 600, **fields: Any) -> str:
    """Return the query of a play token for a file, or its directory."""
    path = urlsplit(url).path
    opened = path[: path.rfind("/") + 1] if directory else path
    return f"pt={play_token(key, PlayToken(opened, int(time.time()) + seconds, **fields))}"


def changed(query: str, **parameters: str) -> str:
    """Return a query with parameters put in, replaced, or (``""``) taken out; the signature stays."""
    kept = dict(parse_qsl(query)) | parameters
    return urlencode({name: value for name, value in kept.items() if value})


def _altered(query: str) -> str:
    """Return a token's query with one character of its MAC changed."""
    return query[:-3] + ("A" if query[-3] != "A" else "B") + query[-2:]


@pytest.fixture(scope="module")
def cinema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cinema]:
    """Upload and process 40 seconds, then switch the protection on."""
    folder = tmp_path_factory.mktemp("cinema")
    clip = folder / "clip.mp4"
    source = f"testsrc2=s=160x90:r=25:d={_SECONDS}"
    sound = f"sine=d={_SECONDS}"
    subprocess.run(
        [ffmpeg_path(), "-loglevel", "error", "-f", "lavfi", "-i", source, "-f", "lavfi", "-i", sound, "-shortest",
         "-pix_fmt", "yuv420p", "-g", "50", str(clip)],
        check=True,
    )  # fmt: skip
    with PlatformServer(folder / "data") as server:
        wire = Wire(server.url, server.create_key())
        try:
            yield _open(wire, clip)
        finally:
            wire.http.close()


def _open(wire: Wire, clip: Path) -> Cinema:
    applied = wire.apply()
    applied.put(clip.read_bytes())
    committed = wire.commit(applied)["data"]
    file_id = committed["fileId"]
    tasks = {"AdaptiveDynamicStreamingTaskSet": [{"Definition": 10}], "ImageSpriteTaskSet": [{"Definition": 10}]}
    call(wire, "ProcessMedia", {"FileId": file_id, "MediaProcessTask": tasks})

    def outputs() -> Mapping[str, Any]:
        info = paced(wire, "DescribeMediaInfos", {"FileIds": [file_id]})["MediaInfoSet"][0]
        ladder = (info.get("AdaptiveDynamicStreamingInfo") or {}).get("AdaptiveDynamicStreamingSet")
        sprites = (info.get("ImageSpriteInfo") or {}).get("ImageSpriteSet")
        return {"master": ladder[0]["Url"], "sprite": sprites[0]["WebVttUrl"]} if ladder and sprites else {}

    assert wait_for(lambda: bool(outputs()), 120)
    policy = {"Status": "Enabled", "EncryptedKey": _KEY, "BackupEncryptedKey": _NEXT_KEY}
    answer = call(wire, "ModifyVodDomainConfig", {"Domain": "127.0.0.1", "UrlSignatureAuthPolicy": policy})
    assert "Error" not in answer, answer
    time.sleep(1.1)
    return Cinema(wire.url, committed["video"]["url"], **outputs())


Query = Callable[[Cinema], str]
#: What is presented for the original file: its query, and the status.
_LINKS: Mapping[str, tuple[Query, int]] = {
    "no signature": (lambda c: "", 403),
    "good link": (lambda c: link(c.original), 200),
    "good link with us": (lambda c: link(c.original, us=_US), 200),
    "exper=0, rlimit=0": (lambda c: link(c.original, exper="0", rlimit="0", us=_US), 200),
    "signed with the backup key": (lambda c: link(c.original, _NEXT_KEY), 200),
    "signed with an unknown key": (lambda c: link(c.original, "unknown key"), 403),
    "sign altered": (lambda c: changed(link(c.original), sign="0" * 32), 403),
    "sign in capitals": (lambda c: changed(q := link(c.original), sign=dict(parse_qsl(q))["sign"].upper()), 403),
    "sign missing": (lambda c: changed(link(c.original), sign=""), 403),
    "t missing": (lambda c: changed(link(c.original), t=""), 403),
    "t moved to later": (lambda c: changed(link(c.original), t=f"{int(time.time()) + 9999:08x}"), 403),
    "t in capitals": (lambda c: link(c.original, t="7FFFFFFF"), 403),
    "t of nine digits": (lambda c: link(c.original, t=f"0{int(time.time()) + 600:08x}"), 403),
    "expired within grace": (lambda c: link(c.original, seconds=-200), 200),
    "expired": (lambda c: link(c.original, seconds=-310), 403),
    "us added": (lambda c: changed(link(c.original), us=_US), 403),
    "us taken out": (lambda c: changed(link(c.original, us=_US), us=""), 403),
    "parameter twice": (lambda c: link(c.original, us=_US) + f"&us={_US}", 403),
    "exper taken out": (lambda c: changed(link(c.original, exper="30", us=_US), exper=""), 403),
    "exper moved into us": (lambda c: changed(link(c.original, exper="30", us=_US), exper="", us=f"30{_US}"), 403),
    "digits of us moved into exper": (
        lambda c: changed(link(c.original, exper="300", us=_US), exper="30072", us=_US[2:]), 403,
    ),
    "rlimit moved into exper": (
        lambda c: changed(link(c.original, exper="300", rlimit="3", us=_US), exper="3003", rlimit=""), 403,
    ),
    "rlimit moved into us": (lambda c: changed(link(c.original, rlimit="1", us=_US), rlimit="", us=f"1{_US}"), 403),
    "last digit of exper made an rlimit of 0": (
        lambda c: changed(link(c.original, exper="3000", us=_US), exper="300", rlimit="0"), 403,
    ),
    "exper below 30": (lambda c: link(c.original, exper="20", us=_US), 403),
    "allow list of referers (could be read as a block list)": (lambda c: link(c.original, whref="a.com"), 403),
    "allow list renamed to block list": (
        lambda c: changed(link(c.original, whref="a.com"), whref="", bkref="a.com"), 403,
    ),
    "link of another directory": (lambda c: link(c.master), 403),
    "link of the directory above": (lambda c: link(urljoin(c.original, "../x")), 403),
    "good token": (lambda c: token(c.original), 200),
    "token of the directory": (lambda c: token(c.original, directory=True), 200),
    "token of the backup key": (lambda c: token(c.original, _NEXT_KEY), 200),
    "token of an unknown key": (lambda c: token(c.original, "unknown key"), 403),
    "token of another file": (lambda c: token(f"{c.original}x"), 403),
    "token of another directory": (lambda c: token(c.master, directory=True), 403),
    "token altered": (lambda c: _altered(token(c.original)), 403),
    "token expired": (lambda c: token(c.original, seconds=-1), 403),
    "token garbled": (lambda c: "pt=hello", 403),
    "token for this address": (lambda c: token(c.original, address="127.0.0.0/8"), 200),
    "token for another address": (lambda c: token(c.original, address="192.0.2.1"), 403),
    "token for a session, without cookie": (lambda c: token(c.original, session="s1"), 403),
    "token for a site, without referer": (lambda c: token(c.original, referer="a.com"), 403),
    "token wrong, link good": (lambda c: f"pt=hello&{link(c.original)}", 403),
}  # fmt: skip


@pytest.mark.parametrize("name", _LINKS)
def test_what_opens_a_file(cinema: Cinema, name: str) -> None:
    """A link or token that is right opens the file; one that is not is answered 403 and says why."""
    query, status = _LINKS[name]
    _expect(cinema, name, cinema.get(cinema.original, query(cinema)), status)


def _expect(cinema: Cinema, name: str, answer: httpx.Response, status: int) -> None:
    cinema.rows.append((name, answer.status_code))
    assert answer.status_code == status, (name, answer.text[:200])
    if status == 403:
        assert answer.json()["error"]["message"]


def test_tokens_bound_to_what_the_request_shows(cinema: Cinema) -> None:
    """A session's cookie and a page's address open what was bound to them."""
    of_session, of_site = token(cinema.original, session="s1"), token(cinema.original, referer="a.com")
    cases = [
        ("token for a session, with its cookie", of_session, {"cookie": "x=1; openvod-session=s1"}, 200),
        ("token for a session, with another's cookie", of_session, {"cookie": "openvod-session=s2"}, 403),
        ("token for a site, from it", of_site, {"referer": "https://www.a.com/page"}, 200),
        ("token for a site, from a look-alike", of_site, {"referer": "https://a.com.evil.test/"}, 403),
    ]
    for name, query, headers, status in cases:
        _expect(cinema, name, cinema.get(cinema.original, query, **headers), status)


def test_the_number_of_addresses(cinema: Cinema) -> None:
    """``rlimit``: the addresses that came first stay in, the next is out, in every file of the directory."""
    query = link(cinema.original, rlimit="2", us=_US)
    for address, status in (("127.0.0.2", 200), ("127.0.0.3", 200), ("127.0.0.4", 403), ("127.0.0.2", 200)):
        _expect(cinema, f"rlimit=2 from {address}", cinema.get(cinema.original, query, address=address), status)


def _entries(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("query_of", [link, lambda url: token(url, directory=True)], ids=["link", "token"])
def test_a_ladder_stays_protected(cinema: Cinema, query_of: Callable[[str], str]) -> None:
    """From the master playlist on, every address carries what opens it; without that it stays shut."""
    master = cinema.get(cinema.master, query_of(cinema.master))
    _expect(cinema, "master playlist", master, 200)
    assert "no-store" in master.headers["cache-control"]
    rung = urljoin(cinema.master, _entries(master.text)[0])
    media = cinema.get(rung)
    _expect(cinema, "media playlist by its address in the master", media, 200)
    segment = urljoin(rung, _entries(media.text)[0])
    _expect(cinema, "segment by its address in the playlist", cinema.get(segment), 200)
    _expect(cinema, "segment without what the playlist put on it", cinema.get(segment.partition("?")[0]), 403)
    _expect(cinema, "media playlist without a link", cinema.get(cinema.media), 403)


@pytest.mark.parametrize(
    "query_of",
    [lambda url: link(url, exper="30", us=_US), lambda url: token(url, directory=True, preview=30)],
    ids=["exper", "token"],
)
def test_a_preview_really_ends(cinema: Cinema, query_of: Callable[[str], str]) -> None:
    """Its playlist ends with the preview, and what lies behind cannot be fetched with anything that it gave."""
    query = query_of(cinema.master)
    master = cinema.get(cinema.master, query)
    rung = urljoin(cinema.master, _entries(master.text)[0])
    media = cinema.get(rung)
    _expect(cinema, "preview: media playlist", media, 200)
    listed = _entries(media.text)
    seconds = [float(line[8:].rstrip(",")) for line in media.text.splitlines() if line.startswith("#EXTINF:")]
    assert 30 <= sum(seconds) < 30 + max(seconds)
    assert media.text.endswith("#EXT-X-ENDLIST\n")
    whole = _entries(cinema.get(cinema.media, link(cinema.media)).text)
    assert len(listed) < len(whole)
    last, behind = urljoin(rung, listed[-1]), urljoin(rung, whole[len(listed)])
    _expect(cinema, "preview: its last segment", cinema.get(last), 200)
    attacks = {
        "preview: next segment with the preview's own query": (behind.partition("?")[0], query),
        "preview: next segment with the last one's token": (behind.partition("?")[0], urlsplit(last).query),
        "preview: a listed segment with the preview's query": (last.partition("?")[0], query),
        "preview: segment's token on the playlist": (rung.partition("?")[0], urlsplit(last).query),
        "preview: DASH": (urljoin(cinema.master, "adp.10.mpd"), query),
    }
    for name, (url, given) in attacks.items():
        answer = cinema.get(url, given)
        cinema.rows.append((name, answer.status_code))
        assert answer.status_code in (403, 404), (name, answer.text[:100])
    _expect(cinema, "preview: a segment's token from another address", cinema.get(last, address="127.0.0.9"), 403)
    whole_query = query_of(cinema.original)
    original = cinema.get(cinema.original, whole_query)
    _expect(cinema, "preview: the original, cut", original, 200)
    assert 29 < _duration(original.content) <= 30.05
    behind_it = cinema.get(cinema.original, whole_query, range=f"bytes={len(original.content)}-")
    cinema.rows.append(("preview: bytes of the original behind the cut", behind_it.status_code))
    assert behind_it.status_code == 416
    packaged = f"{cinema.original}.hls.media.m3u8"
    listed = _entries(cinema.get(packaged, whole_query).text)
    complete = _entries(cinema.get(packaged, link(packaged)).text)
    _expect(cinema, "preview: packaged segment in it", cinema.get(urljoin(packaged, listed[-1])), 200)
    overrun = urljoin(packaged, complete[len(listed)].partition("?")[0])
    _expect(cinema, "preview: packaged segment behind it", cinema.get(overrun, whole_query), 403)


def _duration(body: bytes) -> float:
    """Return the seconds that a file's packets last."""
    with av.open(io.BytesIO(body), "r") as container:
        video = container.streams.video[0]
        assert video.time_base
        return max(
            float((p.pts + (p.duration or 0)) * video.time_base) for p in container.demux(video) if p.pts is not None
        )


def test_sprites_stay_protected(cinema: Cinema) -> None:
    """The pictures that a WebVTT names open with what it was opened with."""
    listed = cinema.get(cinema.sprite, link(cinema.sprite))
    _expect(cinema, "sprites: WebVTT", listed, 200)
    picture = next(line for line in listed.text.splitlines() if "#xywh=" in line).partition("#")[0]
    _expect(cinema, "sprites: picture by its address in it", cinema.get(urljoin(cinema.sprite, picture)), 200)
    bare = urljoin(cinema.sprite, picture.partition("?")[0])
    _expect(cinema, "sprites: picture without", cinema.get(bare), 403)


def test_the_table(cinema: Cinema, capsys: pytest.CaptureFixture[str]) -> None:
    """At least forty rows were tried; they are printed."""
    with capsys.disabled():
        print(f"\n{'presented':<64} status")
        for name, status in cinema.rows:
            print(f"{name:<64} {status}")
    assert len(cinema.rows) >= 40
