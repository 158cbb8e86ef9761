"""Temporary storage credentials (cos-storage.md 3.3)."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace

import pytest

from openvod.base.errors import Denied
from openvod.signing import storage_token
from openvod.signing.storage_token import StorageGrant, TemporaryCredential

ROOT = bytes(range(32))
SUFFIX = "abcdefghijklmnopqrstuvwxyzABCD01"
DIRECTORY = "8f5e1a2bvodcq1500000001/3c2d9f155285890784273533167"
GRANT = StorageGrant(
    sub_app_id=1_500_000_001,
    session="5d41402abc4b2a76b9719d911017c592",
    bucket="openvod-1500000001",
    resources=(f"{DIRECTORY}/f0.mp4", f"{DIRECTORY}/5285890784273533168.jpg", f"{DIRECTORY}/hls/*"),
    actions=("put", "mpu"),
    max_bytes={f"{DIRECTORY}/f0.mp4": 10 * 1024**4},
    issued_at=1_700_000_000,
    expires_at=1_700_007_200,
    file_id="5285890784273533167",
)
NOW = 1_700_000_001


def minted(root: bytes = ROOT, key_id: str = "1") -> TemporaryCredential:
    """Mint the sample grant."""
    return storage_token.mint(GRANT, root, SUFFIX, key_id)


def refused(token: str, access_key: str = f"AKID{SUFFIX}", root: bytes = ROOT, now: float = NOW) -> str:
    """Return the code with which a token is refused."""
    with pytest.raises(Denied) as error:
        storage_token.open_token(token, access_key, {"1": root}, now)
    assert token == "" or token not in str(error.value)
    return error.value.code


def test_grant_and_secret_come_back() -> None:
    """What was minted opens to the same grant and the same secret key, which is stored nowhere."""
    made = minted()
    assert storage_token.open_token(made.token, made.secret_id, {"1": ROOT}, NOW) == (GRANT, made.secret_key)
    assert (made.secret_id, made.issued_at, made.expires_at) == (f"AKID{SUFFIX}", 1_700_000_000, 1_700_007_200)
    assert minted() == made


def test_bounds_come_back() -> None:
    """A grant without a size limit stays without one; networks and origins are those of the permission."""
    grant = replace(GRANT, max_bytes={}, networks=("203.0.113.0/24",), origins=("https://app.example.com",))
    made = storage_token.mint(grant, ROOT, SUFFIX)
    assert storage_token.open_token(made.token, made.secret_id, {"1": ROOT}, NOW)[0] == grant


def test_alphabets_and_length() -> None:
    """Token and secretId survive clients that append them unencoded, and the token stays below 1 KiB (2.1, 3.3)."""
    made = minted()
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,1023}", made.token)
    assert re.fullmatch(r"AKID[A-Za-z0-9]{32}", made.secret_id)
    assert re.fullmatch(r"[A-Za-z0-9_-]{40}", made.secret_key)


def test_token_does_not_contain_the_secret() -> None:
    """Whoever sees a token in a log cannot sign with it."""
    made = minted()
    payload = base64.urlsafe_b64decode(made.token.split(".")[1] + "==").decode()
    assert made.secret_key not in made.token + payload


def test_each_token_has_its_own_secret() -> None:
    """Another suffix, grant or root key gives another secret key."""
    secrets = {
        minted().secret_key,
        minted(bytes(32)).secret_key,
        storage_token.mint(GRANT, ROOT, SUFFIX[::-1]).secret_key,
        storage_token.mint(replace(GRANT, file_id="1"), ROOT, SUFFIX).secret_key,
    }
    assert len(secrets) == 4


@pytest.mark.parametrize("now", [1_700_007_200, 1_700_007_201.5])
def test_expired(now: float) -> None:
    """A token ends at its expiry, with a code of its own."""
    made = minted()
    assert refused(made.token, now=now) == "storage_token.expired"
    assert storage_token.open_token(made.token, made.secret_id, {"1": ROOT}, 1_700_007_199.9)[0] == GRANT


def test_another_access_key_or_root_key_is_invalid() -> None:
    """A token is bound to its secretId and to the installation."""
    token = minted().token
    assert refused(token, access_key="AKID" + "0" * 32) == "storage_token.invalid"
    assert refused(token, root=bytes(32)) == "storage_token.invalid"


def test_rotation() -> None:
    """A token names its root key: older keys open what they made, unknown ones open nothing."""
    made = minted(key_id="2")
    keys = {"1": bytes(32), "2": ROOT}
    assert storage_token.open_token(made.token, made.secret_id, keys, NOW)[0] == GRANT
    assert refused(made.token) == "storage_token.invalid"


def test_forged_expiry_is_invalid_before_it_is_expired() -> None:
    """The MAC is checked before the times: a forger learns nothing about expiry."""
    version, payload, mac = minted().token.split(".")
    content = json.loads(base64.urlsafe_b64decode(payload + "=="))
    for wider in ({"expires_at": 1}, {"expires_at": 9_999_999_999}, {"resources": ["*"]}, {"max_bytes": None}):
        forged = base64.urlsafe_b64encode(json.dumps(content | wider).encode()).rstrip(b"=").decode()
        assert refused(f"{version}.{forged}.{mac}") == "storage_token.invalid"


def test_every_flipped_bit_is_invalid() -> None:
    """No single changed bit of payload or MAC opens."""
    version, payload, mac = minted().token.split(".")
    for index, part in enumerate((payload, mac)):
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        for bit in range(len(raw) * 8):
            changed = bytearray(raw)
            changed[bit // 8] ^= 1 << bit % 8
            parts = [payload, mac]
            parts[index] = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
            assert refused(f"{version}.{parts[0]}.{parts[1]}") == "storage_token.invalid"


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("v1", id="one part"),
        pytest.param("v1.e30.", id="no MAC"),
        pytest.param("v1.W10.AAAA", id="no object"),
        pytest.param("v1.!!!.AAAA", id="not Base64"),
        pytest.param("v1.测试.AAAA", id="not ASCII"),
        pytest.param("v1." + "A" * 5000 + ".AAAA", id="too long"),
        pytest.param("v2" + minted().token[2:], id="another version"),
        pytest.param(minted().token + ".AAAA", id="four parts"),
        pytest.param("v1." + base64.urlsafe_b64encode(b"[" * 2900).decode().rstrip("=") + ".AAAA", id="deep"),
        pytest.param("v1." + base64.urlsafe_b64encode(b'{"kid":["1"]}').decode().rstrip("=") + ".AAAA", id="kid list"),
    ],
)
def test_what_is_no_token_is_invalid(token: str) -> None:
    """Anything that Apply did not hand out is invalid, without an echo."""
    assert refused(token) == "storage_token.invalid"


@pytest.mark.parametrize(
    ("key", "allowed"),
    [
        (f"{DIRECTORY}/f0.mp4", True),
        (f"{DIRECTORY}/hls/1/seg-0.ts", True),
        (f"{DIRECTORY}/hls/", True),
        (f"{DIRECTORY}/f0.mp4x", False),
        (f"{DIRECTORY}/f0.mp", False),
        (f"{DIRECTORY}/F0.mp4", False),
        (f"{DIRECTORY}/hls", False),
        (f"{DIRECTORY}/", False),
        ("", False),
    ],
)
def test_keys_and_prefixes(key: str, allowed: bool) -> None:
    """A key is granted exactly, or below a trailing `*`; a prefix only when all below it is (3.2)."""
    assert GRANT.allows_key(key) is allowed
    assert GRANT.allows_prefix(key) is allowed


def test_peek_bucket() -> None:
    """Addressing can read the bucket of any token, and of none."""
    assert storage_token.peek_bucket(minted().token) == "openvod-1500000001"
    assert storage_token.peek_bucket("") == ""
    with pytest.raises(Denied):
        storage_token.peek_bucket("v1.x")
