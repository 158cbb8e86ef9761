"""vod-python-sdk and cos-python-sdk-v5, unmodified, in processes of their own."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from openvod.access.service import IssuedKey
from support.server import PlatformServer
from support.server.certificates import Certificates
from support.server.wire import Wire, error_code

pytestmark = pytest.mark.clients
_PROGRAMS = Path(__file__).parent / "programs"


def _run(program: str, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, str(_PROGRAMS / program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.stdout, done.stderr[-2000:]
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _vod(server: PlatformServer, key: IssuedKey, certificates: Certificates, *files: Path) -> dict[str, Any]:
    media, cover = [*map(str, files), None][:2]
    given = {"secretId": key.secret_id, "secretKey": key.secret_key, "tlsPort": server.port, "media": media}
    return _run("vod_python.py", json.dumps(given | {"authority": str(certificates.authority), "cover": cover}))


def _fetch(url: str, certificates: Certificates) -> bytes:
    return httpx.get(url, verify=ssl.create_default_context(cafile=certificates.authority)).content


def test_vod_python_new_upload_with_cover(
    tls_server: PlatformServer, tls_key: IssuedKey, certificates: Certificates, video: Path, cover: Path
) -> None:
    """A media file of several parts and its cover go through; both play back byte for byte."""
    done = _vod(tls_server, tls_key, certificates, video, cover)
    assert "error" not in done, done
    assert _fetch(done["mediaUrl"], certificates) == video.read_bytes()
    assert _fetch(done["coverUrl"], certificates) == cover.read_bytes()


def test_vod_python_over_100_mib(
    tls_server: PlatformServer, tls_key: IssuedKey, certificates: Certificates, big_video: Path
) -> None:
    """A file of more than 100 MiB goes through in 1 MiB parts."""
    done = _vod(tls_server, tls_key, certificates, big_video)
    assert _fetch(done["mediaUrl"], certificates) == big_video.read_bytes()


def test_vod_python_shows_our_refusals(
    tls_server: PlatformServer, tls_key: IssuedKey, certificates: Certificates, tmp_path: Path
) -> None:
    """A type that is not accepted surfaces with code and message in the SDK's own exception."""
    odd = tmp_path / "odd.exe"
    odd.write_bytes(b"x")
    done = _vod(tls_server, tls_key, certificates, odd)
    assert "InvalidParameterValue.MediaType" in done["error"]


def _cos(wire: Wire, file: Path, data: dict[str, Any], key: str, **more: Any) -> dict[str, Any]:
    bucket = f"{data['storageBucket']}-{data['storageAppId']}"
    given = {
        "plainPort": httpx.URL(wire.url).port,
        "credential": data["tempCertificate"],
        "places": [{"bucket": bucket, "region": data["storageRegionV5"], "key": key, "path": str(file)}],
    }
    return _run("cos_python.py", json.dumps(given | more))


def test_cos_python_over_100_mib_resumes_after_being_killed(wire: Wire, big_video: Path) -> None:
    """Killed after 60 of 114 parts, the SDK finds the acknowledged ones and sends only the rest."""
    applied = wire.apply(videoSize=big_video.stat().st_size)
    with pytest.raises(AssertionError):
        _cos(wire, big_video, applied.data, applied.media_key, failAfter=60)
    resumed = _cos(wire, big_video, applied.data, applied.media_key)
    assert "error" not in resumed, resumed
    assert 0 < resumed["parts"] <= 114 - 60
    url = wire.commit(applied)["data"]["video"]["url"]
    assert wire.http.get(url).content == big_video.read_bytes()


def test_cos_python_small_file_and_cancel(wire: Wire, cover: Path, big_video: Path) -> None:
    """A small file is one PUT; an upload given up can be aborted and leaves no object."""
    applied = wire.apply(coverName="c", coverType="jpg")
    assert _cos(wire, cover, applied.data, applied.cover_key)["parts"] == 0
    with pytest.raises(AssertionError):
        _cos(wire, big_video, applied.data, applied.media_key, failAfter=5)
    listed = applied.call("GET", "", [("uploads", ""), ("prefix", applied.media_key)]).text
    upload_id = listed.partition("<UploadId>")[2].partition("<")[0]
    assert applied.call("DELETE", applied.media_key, [("uploadId", upload_id)]).status_code == 204
    assert error_code(applied.call("GET", applied.media_key)) == "NoSuchKey"
    assert wire.commit(applied)["code"] == 10021
