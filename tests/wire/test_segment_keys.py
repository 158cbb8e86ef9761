"""Keys of encrypted streams are served behind the gate of their stream (``procedures-and-api.md`` 10)."""

from __future__ import annotations

import re
import time
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from openvod.adapters.filesystem.folder import DataFolder
from openvod.app.foundation import DerivedKeys
from openvod.signing.hotlink import link_digest
from openvod.signing.playback_token import segment_key, segment_token
from support.server import PlatformServer
from support.server.api import call
from support.server.wire import Wire

_KEY = "a-KEY-of-this-test"


class Stream:
    """A published playlist that names keys, as a flow stores it."""

    def __init__(self, server: PlatformServer, wire: Wire) -> None:
        self.wire = wire
        self.root = DerivedKeys.of(DataFolder(server.data_dir).root_key).playback_token
        applied = wire.apply(videoType="m3u8")
        self.file_id = re.sub(r"^[0-9a-f]{8}", "", applied.media_key.split("/")[1])
        lines = [
            "#EXTM3U",
            f'#EXT-X-KEY:METHOD=AES-128,URI="/keys/{self.file_id}/12",IV=0x00',
            "#EXTINF:2,",
            "a.ts",
            f'#EXT-X-KEY:METHOD=AES-128,URI="https://old.test/keys/{self.file_id}/12?token=0123"',
            '#EXT-X-KEY:METHOD=AES-128,URI="/keys/424242/12"',
            "#EXT-X-ENDLIST",
        ]
        applied.put("\n".join(lines).encode(), headers={"Content-Type": "application/vnd.apple.mpegurl"})
        self.url: str = wire.commit(applied)["data"]["video"]["url"]
        self.path = urlsplit(self.url).path

    def keys(self, query: str = "") -> list[str]:
        """Return the addresses of keys in the playlist as it is served."""
        answer = httpx.get(self.url + query)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-store")
        return [urljoin(self.url, uri) for uri in re.findall(r'URI="([^"]+)"', answer.text)]

    def address(self, expires: int) -> str:
        """Return an address of the key that is good until a moment."""
        token = segment_token(self.root, self.file_id, 12, expires)
        return urljoin(self.url, f"/keys/{self.file_id}/12?token={token}")


@pytest.fixture(scope="module")
def stream(shared_server: PlatformServer, wire: Wire) -> Stream:
    """One stream for this module."""
    return Stream(shared_server, wire)


def test_the_served_playlist_opens_its_own_keys(stream: Stream) -> None:
    """Also those that earlier releases wrote; never another file's, whose address anybody can write."""
    fresh, old, foreign = stream.keys()
    for address in (fresh, old):
        assert httpx.get(address).content == segment_key(stream.root, stream.file_id, 12)
    assert urlsplit(foreign).query == ""
    assert httpx.get(foreign).status_code == 404
    # The second asker is served by what is remembered, and gets a token of its own.
    assert len(stream.keys()) == 3


def test_addresses_of_keys_expire(stream: Stream) -> None:
    """The token is refused after its moment, and says what to do."""
    now = int(time.time())
    assert httpx.get(stream.address(now + 60)).status_code == 200
    expired = httpx.get(stream.address(now - 1))
    assert (expired.status_code, expired.json()["error"]["code"]) == (403, "playback.key")
    assert "load the playlist again" in expired.json()["error"]["message"]


def test_keys_stand_behind_the_gate(stream: Stream) -> None:
    """Where links or referers are asked for, a key's address alone opens nothing; the playlist's own does."""
    bare = stream.address(int(time.time()) + 60)
    links = {"Status": "Enabled", "EncryptedKey": _KEY}
    assert "Error" not in call(
        stream.wire, "ModifyVodDomainConfig", {"Domain": "127.0.0.1", "UrlSignatureAuthPolicy": links}
    )
    try:
        time.sleep(1.1)
        assert httpx.get(bare).json()["error"]["code"] == "hotlink.unsigned"
        t = f"{int(time.time()) + 600:08x}"
        sign = link_digest(_KEY, stream.path.rpartition("/")[0] + "/", {"t": t})
        address = stream.keys(f"?t={t}&sign={sign}")[0]
        assert httpx.get(address).content == segment_key(stream.root, stream.file_id, 12)
        referers = {"Status": "Enabled", "AuthType": "White", "Referers": ["a.test"], "BlankRefererAllowed": "No"}
        call(stream.wire, "ModifyVodDomainConfig", {"Domain": "127.0.0.1", "RefererAuthPolicy": referers})
        time.sleep(1.1)
        assert httpx.get(address, headers={"referer": "https://evil.test/"}).status_code == 403
        assert httpx.get(address, headers={"referer": "https://a.test/"}).status_code == 200
    finally:
        off = {"Status": "Disabled"}
        call(stream.wire, "ModifyVodDomainConfig",
             {"Domain": "127.0.0.1", "UrlSignatureAuthPolicy": off, "RefererAuthPolicy": off})  # fmt: skip
        time.sleep(1.1)
