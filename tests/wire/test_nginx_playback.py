"""Media through nginx with the example's configuration: what players see is what they would see without it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from openvod.signing.hotlink import link_digest
from support.server import PlatformServer
from support.server.api import call
from support.server.nginx import front_of
from support.server.wire import Wire

pytestmark = pytest.mark.nginx
_KEY = "24FEQmTzro4V5u3D5epW"


@dataclass
class Front:
    """A platform behind nginx, with a real clip in it."""

    url: str
    wire: Wire
    server: PlatformServer
    media: str
    body: bytes

    def get(self, address: str, method: str = "GET", **headers: str) -> httpx.Response:
        """Ask nginx for a path."""
        return httpx.request(method, f"{self.url}{address}", headers=headers)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory, video: Path) -> Iterator[Front]:
    """Upload through nginx."""
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "front").mkdir()
    settings = {
        "OPENVOD__TASKS__WORKERS": "0",
        "OPENVOD__PLAYBACK__ACCEL": "x-accel-redirect",
        "OPENVOD__SERVER__TRUSTED_PROXIES": '["127.0.0.1"]',
    }
    with PlatformServer(folder / "data", settings) as server, front_of(server, folder / "front") as nginx:
        wire = Wire(nginx.url, server.create_key())
        applied = wire.apply()
        applied.put(video.read_bytes())
        media = urlsplit(wire.commit(applied)["data"]["video"]["url"]).path
        yield Front(nginx.url, wire, server, media, video.read_bytes())
        wire.http.close()


def test_nginx_sends_files(front: Front) -> None:
    """Whole, by range and by precondition, with the headers that browsers need; by nginx, not by the platform."""
    whole = front.get(front.media)
    assert (whole.status_code, whole.content) == (200, front.body)
    assert whole.headers["server"].startswith("nginx")
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["cache-control"] == "public, max-age=3600"
    assert whole.headers["access-control-allow-origin"] == "*"
    assert "sandbox" in whole.headers["content-security-policy"]
    part = front.get(front.media, range="bytes=100-199")
    assert (part.status_code, part.content) == (206, front.body[100:200])
    assert front.get(front.media, **{"if-none-match": whole.headers["etag"]}).status_code == 304
    head = front.get(front.media, "HEAD")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(front.body)), b"")
    assert front.get(front.media, range=f"bytes={10**12}-").status_code == 416


def test_other_kinds_of_files(front: Front) -> None:
    """What the configuration has no pattern for is sent by nginx as well, named by the platform's own answer."""
    applied = front.wire.apply(videoType="mkv")
    applied.put(b"no film, but a file", headers={"Content-Type": "video/x-matroska"})
    address = urlsplit(front.wire.commit(applied)["data"]["video"]["url"]).path
    whole = front.get(address)
    assert (whole.status_code, whole.content) == (200, b"no film, but a file")
    assert (whole.headers["content-type"], whole.headers["access-control-allow-origin"]) == ("video/x-matroska", "*")
    assert whole.headers["cache-control"] == "public, max-age=3600"
    part = front.get(address, range="bytes=3-6")
    assert (part.status_code, part.content) == (206, b"film")


def test_what_the_platform_makes_itself_passes(front: Front) -> None:
    """Playlists and packaged segments come from the platform through the same front."""
    playlist = front.get(f"{front.media}.hls.media.m3u8")
    assert playlist.status_code == 200
    entry = next(line for line in playlist.text.splitlines() if line and not line.startswith("#"))
    segment = front.get(f"{front.media.rpartition('/')[0]}/{entry}")
    assert (segment.status_code, segment.headers["server"].startswith("nginx")) == (200, True)
    assert segment.content[4:8] in (b"styp", b"moof", b"sidx")


def test_refusals_keep_their_reasons(front: Front) -> None:
    """Rules hold in front of nginx too, and who is refused is told why; what is not there is not there."""
    missing = front.get("/nothing/here/at-all.mp4")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "playback.not_found")
    policy = {"Status": "Enabled", "EncryptedKey": _KEY}
    asked = {"Domain": "127.0.0.1", "UrlSignatureAuthPolicy": policy}
    direct = Wire(front.server.url, front.wire.key)
    assert "Error" not in call(direct, "ModifyVodDomainConfig", asked)
    # The platform's memory and nginx's each last a second.
    time.sleep(2.2)
    refused = front.get(front.media)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "hotlink.unsigned")
    t = f"{int(time.time()) + 600:08x}"
    sign = link_digest(_KEY, f"{front.media.rpartition('/')[0]}/", {"t": t})
    assert front.get(f"{front.media}?t={t}&sign={sign}").content == front.body
    assert front.get(f"{front.media}?t={t}&sign={'0' * 32}").status_code == 403
    direct.http.close()


def test_rules_about_addresses(front: Front) -> None:
    """They hold for the player's address, which is neither nginx's nor what the player says of itself."""
    direct = Wire(front.server.url, front.wire.key)
    policy = {"Status": "Enabled", "FilterType": "White", "IPList": ["127.0.0.2"]}
    off = {"Status": "Disabled"}
    asked = {"Domain": "127.0.0.1", "IPFilterPolicy": policy, "UrlSignatureAuthPolicy": off}
    assert "Error" not in call(direct, "ModifyVodDomainConfig", asked)
    time.sleep(2.2)
    said = {"x-forwarded-for": "127.0.0.2", "host": urlsplit(front.url).netloc}
    for address, status in (("127.0.0.2", 200), ("127.0.0.3", 403)):
        with httpx.Client(transport=httpx.HTTPTransport(local_address=address)) as client:
            assert client.get(f"{front.url}{front.media}", headers=said).status_code == status
    call(direct, "ModifyVodDomainConfig", {"Domain": "127.0.0.1", "IPFilterPolicy": {"Status": "Disabled"}})
    direct.http.close()


def test_files_cannot_be_had_by_their_names(front: Front) -> None:
    """No address of nginx leads into the data folder but through a decision."""
    blob = next(path for path in (front.server.data_dir / "blobs").glob("*/*") if path.is_file())
    name = blob.relative_to(front.server.data_dir)
    for address in (f"/{name}", f"/blobs/../{name}", f"/{name}.mp4", "/openvod.db", "/_openvod_decision"):
        assert front.get(address).status_code in (400, 403, 404), address
