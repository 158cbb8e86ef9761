"""The older API signatures (procedures-and-api.md 2.5)."""

from __future__ import annotations

import pytest

from openvod.signing import v1

KEY, HOST = "secretkeyexample", "vod.example.test:8080"
PAIRS = [
    ("Action", "DescribeMediaInfos"),
    ("FileIds.0", "5285890784273533167"),
    ("Filters.0", "basicInfo"),
    ("Filters.1", "metaData"),
    ("Language", "zh-CN"),
    ("Nonce", "12345"),
    ("Region", "ap-guangzhou"),
    ("RequestClient", "SDK_PYTHON_3.1.194"),
    ("SecretId", "AKIDEXAMPLE"),
    ("SubAppId", "1500000001"),
    ("Timestamp", "1700000000"),
    ("Version", "2018-07-17"),
]
VECTORS = [
    ("HmacSHA1", "TibYatxVgIJr2nr/t3tUUlAK48w="),
    ("HmacSHA256", "kuWGQ/dawUNGJp1+Zp5hbxVCp14Z7iwdppjYPno3Fm4="),
]


def passes(pairs: list[tuple[str, str]], signature: str, *, method: str = "POST", host: str = HOST) -> bool:
    """Verify parameters that arrived with a signature."""
    return v1.verify(KEY, method=method, host=host, pairs=[*pairs, ("Signature", signature)])


@pytest.mark.parametrize(("algorithm", "signature"), VECTORS)
def test_vectors(algorithm: str, signature: str) -> None:
    """What the Python SDK signs is computed and verified, in any order of the parameters."""
    pairs = [*PAIRS, ("SignatureMethod", algorithm)]
    assert v1.sign(KEY, method="POST", host=HOST, pairs=pairs, algorithm=algorithm) == signature
    assert passes(pairs, signature)
    assert passes(pairs[::-1], signature)
    assert not passes(pairs, signature, method="GET")
    assert not passes(pairs, signature, host="other.example.test:8080")
    assert not passes(pairs[1:], signature)


def test_hmac_sha1_is_the_default() -> None:
    """Without SignatureMethod the algorithm is HmacSHA1."""
    assert passes(PAIRS, v1.sign(KEY, method="POST", host=HOST, pairs=PAIRS))


def test_underscores_signed_as_dots() -> None:
    """Python signs ``A.b`` where it sends ``A_b``; the host may be signed without its port."""
    signature = v1.sign(KEY, method="POST", host="vod.example.test", pairs=[*PAIRS, ("A.b", "1")])
    assert passes([*PAIRS, ("A_b", "1")], signature)
    assert not passes([*PAIRS, ("A-b", "1")], signature)


@pytest.mark.parametrize(("name", "known"), [("", True), ("HmacSHA1", True), ("HmacSHA256", True), ("HmacMD5", False)])
def test_known_methods(name: str, known: bool) -> None:
    """Two algorithms exist; no name means the first."""
    assert v1.is_known_method(name) is known
