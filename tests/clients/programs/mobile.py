"""Behaves as the Android or the iOS SDK does (``upload-protocol.md`` 2 and 3), call by call. Prints one JSON object.

The argument is what :func:`clients.drivers.programs.request_of` makes, and ``system``. The control plane is called
over TLS, storage over plain HTTP, both through the proxy under the official names. Answers are read with the strict
types of those SDKs: a number is no string and a string is no number. Commands are lines on standard input.
"""

import hashlib
import http.client
import json
import re
import socket
import ssl
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from openvod.signing.cos import sign

MIB = 1024 * 1024
given = json.loads(sys.argv[1])
ANDROID = given["system"] == "android"
MAIN, BACKUP = "vod2.qcloud.com", "vod2.dnsv1.com"
RECORD = Path(given["state"]) / "record.json"
TLS = ssl.create_default_context(cafile=given["authority"])


class Failed(Exception):
    """The SDK's end with ``retCode`` and ``descMsg``."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"retCode {code}: {text}")


class StorageRefused(Exception):
    """A COS error."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Device:
    """The phone: its clock, the correction that the SDK has learnt, and what the user does."""

    def __init__(self) -> None:
        self.shift = 0.0
        self.correction = 0.0
        self.going = threading.Event()
        self.going.set()

    def now(self) -> float:
        """The corrected time."""
        return time.time() + self.shift + self.correction

    def learn(self, server_time: int) -> None:
        """Correct the clock: Android from 5 minutes of difference on, iOS from 10."""
        off = server_time - (time.time() + self.shift)
        self.correction = off if abs(off) > (300 if ANDROID else 600) else 0.0

    def listen(self) -> None:
        """Obey the lines of standard input."""
        for line in sys.stdin:
            command, _, argument = line.strip().partition(" ")
            if command == "shift":
                self.shift += float(argument)
            elif command == "proceed":
                self.going.set()
            else:
                self.going.clear()


class TlsConnection(http.client.HTTPSConnection):
    """HTTPS to the proxy under an official name."""

    def connect(self) -> None:
        """Connect to loopback, and check the certificate for the name."""
        raw = socket.create_connection(("127.0.0.1", given["tlsPort"]), timeout=10 if ANDROID else 20)
        self.sock = TLS.wrap_socket(raw, server_hostname=self.host)


def strict(data: dict[str, Any], name: str, kind: type) -> Any:
    """Return a member that must have exactly this JSON type."""
    if type(data.get(name)) is not kind:
        raise Failed(1002, f"{name} {data.get(name)!r} is no {kind.__name__}")
    return data[name]


def call(action: str, body: dict[str, Any], domain: str) -> dict[str, Any]:
    """Call the control plane: twice the main host, then twice the backup, with the same body each time."""
    text = json.dumps(body, ensure_ascii=False)
    content_type = "application/json; charset=UTF-8"
    if ANDROID:
        text, content_type = text.replace("/", "\\/"), "application/json; charset=utf-8"
    applying = action == "ApplyUploadUGC"
    for host in (MAIN, MAIN, BACKUP, BACKUP):
        connection = TlsConnection(host)
        try:
            headers = {"Host": host if ANDROID else domain, "Content-Type": content_type}
            connection.request("POST", f"/v3/index.php?Action={action}", text.encode(), headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
        if answer.status != 200:
            raise Failed(1001 if applying else 1005, f"HTTP {answer.status}")
        return result(json.loads(content), applying)
    raise Failed(1001 if applying else 1005, "no connection")


def result(answer: dict[str, Any], applying: bool) -> dict[str, Any]:
    """Return ``data``, or fail as the SDK does for a ``code``."""
    code, message = strict(answer, "code", int), strict(answer, "message", str)
    if code:
        described = f"{code}|{message}" if ANDROID else f"ugc code:{code}, ugc desc:{message}"
        failed = (1001 if ANDROID else 1002) if applying else 1006
        raise Failed(1020 if applying and code == 10010 else failed, described)
    data: dict[str, Any] = strict(answer, "data", dict)
    return data


class Publication:
    """One publish of a media file, with a cover if there is one."""

    def __init__(self) -> None:
        self.media, self.cover = Path(given["media"]), given["cover"] and Path(given["cover"])
        self.digest = hashlib.md5(self.media.read_bytes()).hexdigest()
        with urllib.request.urlopen(given["signatureUrl"]) as answer:
            self.signature = answer.read().decode()
        self.record = self.remembered()
        self.data: dict[str, Any] = {}

    def remembered(self) -> dict[str, Any]:
        """What an earlier publish of this very file left behind."""
        known = json.loads(RECORD.read_text()) if RECORD.exists() else {}
        return known if known.get("digest") == self.digest else {}

    def remember(self, **changes: Any) -> None:
        """Keep what resuming needs."""
        self.record |= {"digest": self.digest, **changes}
        RECORD.write_text(json.dumps(self.record))

    def apply(self) -> None:
        """Apply, with the session of before if there is one; check every type that a mobile SDK reads."""
        body: dict[str, Any] = {"signature": self.signature, "clientReportId": "me", "clientVersion": "13.4.0.20472"}
        for kind, path in (("video", self.media), ("cover", self.cover)):
            if path:
                name = path.name if ANDROID else path.stem
                body |= {f"{kind}Name": name, f"{kind}Type": path.suffix[1:], f"{kind}Size": path.stat().st_size}
        if session := self.record.get("session"):
            body["vodSessionKey"] = session
        data = call("ApplyUploadUGC", body, MAIN)
        for name in ("storageBucket", "storageRegionV5", "domain", "vodSessionKey"):
            strict(data, name, str)
        for name in ("storageAppId", "appId", "timestamp"):
            strict(data, name, int)
        credential = strict(data, "tempCertificate", dict)
        for name in ("secretId", "secretKey", "token"):
            strict(credential, name, str)
        strict(credential, "expiredTime", int)
        strict(strict(data, "video", dict), "storagePath", str)
        if data.get("storageUploadDomain") == "":
            raise Failed(1002, "storageUploadDomain is empty, which iOS takes for a host")
        device.learn(data["timestamp"])
        self.data = data
        self.remember(session=data["vodSessionKey"])

    def storage(
        self, method: str, key: str, query: list[tuple[str, str]], body: bytes = b""
    ) -> tuple[dict[str, str], str]:
        """Send one storage call over plain HTTP; network faults are repeated three times."""
        data, credential = self.data, self.data["tempCertificate"]
        bucket = f"{data['storageBucket']}-{data['storageAppId']}"
        host = data.get("storageUploadDomain") or f"{bucket}.cos.{data['storageRegionV5']}.myqcloud.com"
        for _ in range(4):
            device.going.wait()
            signed = {"host": host, "content-length": str(len(body)), "x-cos-security-token": credential["token"]}
            authorization = sign(
                credential["secretId"], credential["secretKey"], method=method, path=f"/{key}", query=query,
                headers=signed, start=int(device.now()), end=credential["expiredTime"],
            )  # fmt: skip
            target = "/" + quote(key) + (f"?{urlencode(query)}" if query else "")
            connection = http.client.HTTPConnection("127.0.0.1", given["plainPort"], timeout=30)
            try:
                connection.request(method, target, body, {**signed, "Host": host, "Authorization": authorization})
                answer = connection.getresponse()
                text = answer.read().decode()
            except (OSError, http.client.HTTPException):
                time.sleep(0.5)
                continue
            finally:
                connection.close()
            if answer.status >= 300:
                raise StorageRefused(between(text, "Code"), text)
            return {name.lower(): value for name, value in answer.getheaders()}, text
        raise Failed(1003, "storage: no connection")

    def put(self, path: Path, key: str) -> None:
        """Put a whole object."""
        self.storage("PUT", key, [], path.read_bytes())

    def upload_media(self) -> None:
        """Android opens a multipart upload first and puts small files nevertheless; iOS puts them at once."""
        key, size = self.data["video"]["storagePath"][1:], self.media.stat().st_size
        if ANDROID and "uploadId" not in self.record:
            self.initiate(key)
        if size < 2 * MIB if ANDROID else size <= MIB:
            self.put(self.media, key)
            return
        if "uploadId" not in self.record:
            self.initiate(key)
        self.upload_parts(key, size)

    def initiate(self, key: str) -> None:
        """Open a multipart upload."""
        _, text = self.storage("POST", key, [("uploads", "")])
        self.remember(uploadId=between(text, "UploadId"))

    def upload_parts(self, key: str, size: int) -> None:
        """Send what the server lacks or has otherwise, then complete."""
        upload = ("uploadId", self.record["uploadId"])
        step = min(max(size // 10, MIB), 10 * MIB)
        _, listed = self.storage("GET", key, [upload])
        there = {
            between(part, "PartNumber"): between(part, "ETag") for part in re.findall("<Part>(.*?)</Part>", listed)
        }
        rows = []
        with self.media.open("rb") as file:
            for number, start in enumerate(range(0, size, step), 1):
                file.seek(start)
                chunk = file.read(step)
                etag = f'"{hashlib.md5(chunk).hexdigest()}"'
                if there.get(str(number)) != etag:
                    headers, _ = self.storage("PUT", key, [("partNumber", str(number)), upload], chunk)
                    if headers["etag"] != etag:
                        raise Failed(1003, "a part's ETag is not its MD5")
                rows.append(f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>")
        document = f"<CompleteMultipartUpload>{''.join(rows)}</CompleteMultipartUpload>"
        self.storage("POST", key, [upload], document.encode())

    def upload(self) -> None:
        """Upload media, then cover; a clock error makes the SDK apply again with its session, and go on."""
        for attempt in range(3):
            try:
                self.upload_media()
                if self.cover:
                    self.put(self.cover, self.data["cover"]["storagePath"][1:])
                return
            except StorageRefused as error:
                if error.code != "RequestTimeTooSkewed" or attempt == 2:
                    raise Failed(1003, f"{error.code}: {error}") from error
                self.apply()

    def commit(self) -> dict[str, Any]:
        """Commit with the signature of the Apply; iOS names the host that Apply told."""
        body = {"signature": self.signature, "vodSessionKey": self.data["vodSessionKey"]}
        data = call("CommitUploadUGC", body, self.data["domain"])
        media = strict(strict(data, "video", dict), "url", str)
        cover = strict(strict(data, "cover", dict), "url", str) if self.cover else ""
        return {"fileId": strict(data, "fileId", str), "mediaUrl": media, "coverUrl": cover}


def between(text: str, tag: str) -> str:
    """Return the text of an element."""
    return text.partition(f"<{tag}>")[2].partition("<")[0].replace("&quot;", '"')


def publish() -> dict[str, Any]:
    """Publish, and say how it ended."""
    publication = Publication()
    try:
        publication.apply()
        publication.upload()
        RECORD.unlink()
        return publication.commit()
    except Failed as failed:
        return {"error": str(failed)}


device = Device()
threading.Thread(target=device.listen, daemon=True).start()
print(json.dumps(publish()), flush=True)
