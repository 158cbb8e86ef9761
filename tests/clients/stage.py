"""What all clients play on: a platform behind a fault proxy, an app server that signs, files, and the facts after."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import ssl
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from clients.scenarios import GIB, MIB, Content, File, Scenario, Signer, Signing
from openvod.access.model import MAIN_APPLICATION_ID
from openvod.access.service import IssuedKey
from openvod.adapters.ffmpeg.encoder import decode_address, ffmpeg_path
from support.faults.fault_proxy import FaultProxy
from support.faults.shifted_clock import ShiftedClock
from support.server import PlatformServer
from support.server.api import call
from support.server.certificates import Certificates
from support.server.commands import openvod_json
from support.server.wire import Wire, signature

#: What Apply names as ``domain``.
DOMAIN = "vod.example.test"
Page = Callable[[], tuple[str, bytes]]
_NO_SUCH_KEY = IssuedKey("AKIDnobody00000000000000000000000000", "nobody", MAIN_APPLICATION_ID)


class AppServer:
    """The app's own server: pages and signatures, over HTTPS for browsers and over HTTP for programs."""

    def __init__(self, certificates: Certificates) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: Counter[str] = Counter()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificates.certificate, certificates.key)
        self.tls_port = self.plain_port = 0

    @contextmanager
    def running(self) -> Iterator[AppServer]:
        """Serve until the end of the block."""
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                page = app.pages.get(path)
                app.asked[path] += 1
                kind, body = page() if page else ("text/plain", b"")
                self.send_response(200 if page else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                """Keep quiet."""

        with ExitStack() as stack:
            ports = []
            for context in (self._tls, None):
                server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
                server.daemon_threads = True
                if context:
                    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
                thread = threading.Thread(target=server.serve_forever)
                thread.start()
                stack.callback(thread.join)
                stack.callback(server.shutdown)
                ports.append(server.server_address[1])
            self.tls_port, self.plain_port = ports
            yield self


@dataclass
class Stage:
    """Everything that a run of one client in one scenario needs. ``scenario`` is the one that plays now."""

    server: PlatformServer
    proxy: FaultProxy
    app: AppServer
    clock: ShiftedClock
    certificates: Certificates
    folder: Path
    clip: Path
    picture: Path
    keys: dict[Signer, IssuedKey]
    main_application: int = MAIN_APPLICATION_ID
    scenario: Scenario = field(default_factory=lambda: Scenario("none"))
    _spent: str = ""
    _known: set[str] = field(default_factory=set)

    def begin(self, scenario: Scenario) -> None:
        """Set up for a scenario: clock, faults, signatures; remember what is there already."""
        if self.server.process is None or self.server.process.poll() is not None:
            self.server.start()  # a failed scenario left it dead
        self.clock.set(scenario.server_clock)
        self.proxy.play(scenario.faults, scenario.bytes_per_second)
        self.app.asked.clear()
        self.scenario = scenario
        self._spent = self._spend() if scenario.signing.spent else ""
        self._known = set(self.assets())

    @contextmanager
    def wire(self) -> Iterator[Wire]:
        """A client of single requests, past the proxy; a new one each time, since servers are restarted here."""
        wire = Wire(self.server.url, self.keys[Signer.OWN])
        try:
            yield wire
        finally:
            wire.http.close()

    def stored_bytes(self) -> int:
        """Return what the platform's blobs take on disk."""
        blobs = (self.server.data_dir / "blobs").rglob("*")
        return sum(path.stat().st_blocks * 512 for path in blobs if path.is_file())

    def sign(self) -> str:
        """Issue an upload signature as the scenario has it."""
        if self._spent:
            return self._spent
        signing, now = self.scenario.signing, int(self.clock.now())
        changes: dict[str, object] = {"currentTimeStamp": 0, "expireTime": 3600, **signing.changes}
        for name in ("currentTimeStamp", "expireTime"):
            changes[name] = now + int(str(changes[name]))
        if signing.signer is Signer.OTHER_APPLICATION:
            changes["vodSubAppId"] = MAIN_APPLICATION_ID
        return signature(self.key(), **changes)

    def key(self) -> IssuedKey:
        """The key pair that signs in this scenario."""
        signing: Signing = self.scenario.signing
        key = self.keys.get(signing.signer, _NO_SUCH_KEY)
        return IssuedKey(key.secret_id, key.secret_key[::-1], key.sub_app_id) if signing.tampered else key

    def file(self, wanted: File) -> Path:
        """Make a file of a scenario, once."""
        path = self.folder / "files" / f"{wanted.content.name}-{wanted.size}-{wanted.seed}" / wanted.name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            if wanted.content is Content.RANDOM:
                _write_random(path, wanted)
            elif wanted.content is Content.SPARSE:
                _write_sparse(path, wanted)
            elif wanted.content is Content.PLAYLIST:
                _write_playlist(path, self.clip)
            else:
                shutil.copy(self.clip if wanted.content is Content.CLIP else self.picture, path)
        return path

    def assets(self) -> dict[str, str]:
        """All media assets: their ids and names."""
        with closing(sqlite3.connect(self.server.data_dir / "openvod.sqlite3")) as database:
            return dict(database.execute("SELECT file_id, name FROM media_assets").fetchall())

    def new_assets(self) -> dict[str, str]:
        """The assets that this scenario made."""
        return {file_id: name for file_id, name in self.assets().items() if file_id not in self._known}

    def events(self, file_id: str) -> int:
        """Count the upload events of a file."""
        with closing(sqlite3.connect(self.server.data_dir / "openvod.sqlite3")) as database:
            query = "SELECT COUNT(*) FROM events WHERE subject = ?"
            return int(database.execute(query, (file_id,)).fetchone()[0])

    def same(self, url: str, path: Path) -> bool:
        """Tell whether what plays back at ``url`` is what lies at ``path``."""
        with httpx.stream("GET", self.server.url + urlsplit(unquote(url)).path) as answer, path.open("rb") as file:
            if answer.status_code != 200 or int(answer.headers["content-length"]) != path.stat().st_size:
                return False
            return all(chunk == file.read(len(chunk)) for chunk in answer.iter_bytes(MIB))

    def plays(self, url: str) -> bool:
        """Tell whether an address of ours decodes from its first to its last picture."""
        return decode_address(self.server.url + urlsplit(unquote(url)).path).frames > 0

    def upload_media(self) -> str:
        """Upload a clip past the clients, for scenarios that change an existing file; return its id."""
        with self.wire() as wire:
            applied = wire.apply()
            assert applied.put(self.clip.read_bytes()).status_code == 200
            file_id = str(wire.commit(applied)["data"]["fileId"])
        self._known.add(file_id)
        return file_id

    def make_room(self) -> None:
        """Delete what this scenario made, bytes and all."""
        with self.wire() as wire:
            for file_id in self.new_assets():
                call(wire, "DeleteMedia", {"FileId": file_id})
        self._stop_and_collect()
        self.server.start()

    def _stop_and_collect(self) -> None:
        self.server.stop()
        openvod_json("storage", "collect", "--data-dir", str(self.server.data_dir), "--json")

    def _spend(self) -> str:
        spent = signature(self.keys[Signer.OWN], oneTimeValid=1)
        with self.wire() as wire:
            wire.apply(sign=spent, videoName="somebody else's")
        return spent

    def check_books(self) -> None:
        """Stop the server and compare disk and ledger: no byte without an owner, no owner without its bytes."""
        self.clock.set(0)
        self._stop_and_collect()
        checked: dict[str, Any] = openvod_json("storage", "check", "--data-dir", str(self.server.data_dir))
        assert not checked["missing_files"], checked
        assert not checked["orphan_files"], checked
        assert not checked["slack_bytes"], checked


@contextmanager
def open_stage(
    folder: Path, certificates: Certificates, clip: Path, picture: Path, *, check: bool = True
) -> Iterator[Stage]:
    """Start everything; at the end the books must balance, unless the caller does the checking."""
    clock = ShiftedClock(folder / "clock")
    environment = clock.environment | {
        "OPENVOD__TASKS__WORKERS": "0",
        "OPENVOD__SERVER__DRAIN_SECONDS": "2",
        "OPENVOD__CLIENTS__CONTROL_PLANE_HOST": DOMAIN,
    }
    server = PlatformServer(folder / "data", environment)
    keys = {Signer.OWN: server.create_key(), Signer.DISABLED: server.create_key()}
    server.administer(lambda access: access.set_key_enabled(keys[Signer.DISABLED].secret_id, False))
    other = server.administer(lambda access: access.create_application("other"))
    keys[Signer.OTHER_APPLICATION] = server.create_key(other.sub_app_id)
    app = AppServer(certificates)
    with server, FaultProxy(server.port, certificates) as proxy, app.running():
        stage = Stage(server, proxy, app, clock, certificates, folder, clip, picture, keys)
        app.pages["/signature"] = lambda: ("text/plain", stage.sign().encode())
        yield stage
        if check:
            stage.check_books()


def _write_random(path: Path, wanted: File) -> None:
    chance = random.Random(wanted.seed)
    with path.open("wb") as file:
        for start in range(0, wanted.size, MIB):
            file.write(chance.randbytes(min(MIB, wanted.size - start)))


def _write_sparse(path: Path, wanted: File) -> None:
    chance = random.Random(wanted.seed)
    with path.open("wb") as file:
        file.truncate(wanted.size)
        for start in range(0, wanted.size - MIB, GIB):
            file.seek(start)
            file.write(chance.randbytes(MIB))


def _write_playlist(path: Path, clip: Path) -> None:
    (path.parent / "segments").mkdir(exist_ok=True)
    command = [ffmpeg_path(), "-v", "error", "-i", str(clip), "-c", "copy", "-f", "hls", "-hls_time", "2",
               "-hls_playlist_type", "vod", "-hls_segment_filename", "segments/%d.ts", path.name]  # fmt: skip
    subprocess.run(command, cwd=path.parent, check=True, timeout=60)
    # FFmpeg names segments without the folder that they are in.
    lines = path.read_text().splitlines()
    path.write_text(
        "\n".join(f"segments/{each}" if each.endswith(".ts") and "/" not in each else each for each in lines)
    )


def as_json(value: object) -> bytes:
    """Render JSON for the app server's pages."""
    return json.dumps(value).encode()
