"""What every process of an installation stands on, made once from its settings: server, worker, every command.

Nothing else in ``app`` makes an adapter: what one process uses, every other uses too, with the same settings.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from openvod.adapters.ffmpeg.marks import check_image, put_asset
from openvod.adapters.ffmpeg.probe import PyAvProber
from openvod.adapters.ffmpeg.process import FfmpegProcess
from openvod.adapters.filesystem.folder import AesSecretBox, DataFolder
from openvod.adapters.filesystem.liveness import LockFileLiveness
from openvod.adapters.filesystem.pictures import HeldPictures
from openvod.adapters.filesystem.scratch import ScratchFolders
from openvod.adapters.http import Dialler, HttpFetcher, HttpPoster
from openvod.adapters.http.addresses import LOOPBACK, Network, parse_address
from openvod.adapters.passwords import Argon2Passwords
from openvod.adapters.sql.claims import AdvisoryClaims
from openvod.adapters.sql.database import Database, absolute_url, open_database, sqlite_path, sqlite_url
from openvod.adapters.sql.database import Limits as DatabaseLimits
from openvod.adapters.sql.failures import translated, words
from openvod.adapters.sql.fenced import FencedDatabase
from openvod.adapters.sql.liveness import AdvisoryLiveness
from openvod.adapters.sql.migrations import upgrade
from openvod.adapters.sql.sessions import LockSession, connect_args
from openvod.adapters.system import SystemClock, SystemEntropy
from openvod.app.installation import establish, refuse_missing_database
from openvod.app.settings import Settings
from openvod.app.stores import open_blobs, open_working_files
from openvod.base.errors import Unavailable
from openvod.signing.playback_token import evidence_token
from openvod.storage.blobs import Blobs, WorkingFiles
from openvod.storage.installation import Installation


@dataclass(frozen=True)
class DerivedKeys:
    """The keys of every purpose, derived from the root key so that no key serves two."""

    secret_box: bytes
    storage_token: bytes
    playback_token: bytes
    probe_token: bytes
    event_stream_token: bytes
    verify_content: bytes
    installation_check: bytes

    @classmethod
    def of(cls, root_key: bytes) -> Self:
        """Derive every key."""
        return cls(**{name: _derived(root_key, name.replace("_", "-")) for name in cls.__dataclass_fields__})


def _derived(root_key: bytes, purpose: str) -> bytes:
    return hmac.new(root_key, f"openvod/{purpose}".encode(), hashlib.sha256).digest()


class Foundation:
    """Folder, database, stores, clock, entropy, keys, addresses and dialler of one installation.

    Nothing is opened before it is asked for, except what :meth:`open` opens. Use as a context manager, or close it.
    """

    def __init__(self, data_dir: Path, settings: Settings, *, is_worker: bool = False) -> None:
        self._is_worker = is_worker
        #: Returns whether a worker may write; its liveness check replaces it.
        self.proven: Callable[[], bool] = lambda: True
        self.folder = DataFolder(data_dir)
        self.settings = settings
        self.clock = SystemClock()
        self.entropy = SystemEntropy()
        self.installation = Installation("")
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Open it."""
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def open(self) -> None:
        """Prepare the data folder and open the database at the newest schema.

        Raises ``OpenVodError``, with nothing changed, where database, folder and store are not one installation.
        """
        self.folder.prepare()
        with self.folder.turn(), _reachable():
            refuse_missing_database(self)
            upgrade(self.database.engine)
            self.installation = establish(self)

    def open_whatever(self) -> None:
        """As :meth:`open`, without asking whether what is opened belongs together."""
        self.folder.prepare()
        with _reachable():
            upgrade(self.database.engine)

    def lock(self) -> None:
        """Take the data folder until the end; raises ``Conflict("data_dir.in_use")``."""
        self.folder.prepare()
        self.folder.lock()
        self._stack.callback(self.folder.unlock)

    def close(self) -> None:
        """Close what was opened, in the opposite order."""
        self._stack.close()

    # What bytes and rows live in.

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL, with a password if it has one."""
        return absolute_url(self.settings.database.url.get_secret_value()) or sqlite_url(self.folder.database)

    @property
    def engine_url(self) -> str:
        """Where the flow engine keeps its tables: a file in the data folder, or a schema in the same server."""
        return self.database_url if self.on_postgresql else f"sqlite:///{self.folder.path / 'engine.sqlite3'}"

    @property
    def engine_connect_args(self) -> dict[str, Any]:
        """How the flow engine connects, with the same time-outs."""
        return connect_args(self.limits) if self.on_postgresql else {}

    @property
    def sqlite_file(self) -> Path:
        """The database's file; of no meaning on PostgreSQL."""
        return sqlite_path(self.database_url)

    @property
    def on_postgresql(self) -> bool:
        """Whether the database is PostgreSQL."""
        return self.database_url.startswith("postgresql")

    @property
    def limits(self) -> DatabaseLimits:
        """What this process may ask of the database."""
        database = self.settings.database
        return DatabaseLimits(
            connections=database.worker_connections if self._is_worker else database.connections,
            connect=database.connect_seconds,
            statement=database.statement_seconds,
            lock=database.lock_seconds,
            retry=database.retry_seconds,
        )

    @cached_property
    def database(self) -> Database:
        """The database, at whatever schema it has."""
        database = open_database(self.database_url, self.limits)
        self._stack.callback(database.close)
        # Asked through the attribute: a worker's proof exists later than its database.
        return FencedDatabase(database, lambda: self.proven()) if self._is_worker else database

    @cached_property
    def blobs(self) -> Blobs:
        """The bytes of objects and parts, and what their store is able to do."""
        return self._stack.enter_context(open_blobs(self.settings.storage, self.folder))

    @cached_property
    def working(self) -> WorkingFiles:
        """Copies of objects as local files, where the store has none."""
        return self._stack.enter_context(open_working_files(self.folder))

    @cached_property
    def scratch(self) -> ScratchFolders:
        """Where jobs make their files."""
        return ScratchFolders(self.folder.scratch, self.prober, put_asset)

    def held_pictures(self) -> HeldPictures:
        """Return the folder of pictures not stored yet; what an earlier process left there is removed."""
        return HeldPictures(self.folder.path / "pictures", self.entropy, check_image)

    # What proves and hides.

    @cached_property
    def keys(self) -> DerivedKeys:
        """The keys of every purpose."""
        return DerivedKeys.of(self.folder.root_key)

    @cached_property
    def box(self) -> AesSecretBox:
        """What seals the secrets that are stored."""
        return AesSecretBox(self.keys.secret_box)

    def passwords(self) -> Argon2Passwords:
        """Return what hashes and checks passwords; each has a bound of its own on hashes at once."""
        return Argon2Passwords()

    def liveness(self) -> AdvisoryLiveness | LockFileLiveness:
        """Return what proves that a worker lives."""
        if not self.on_postgresql:
            return LockFileLiveness(self.folder.path / "workers")
        advisory = AdvisoryLiveness(LockSession(self.database_url, self.limits))
        self._stack.callback(advisory.close)
        return advisory

    def claims(self) -> AdvisoryClaims | None:
        """Return what decides which of several servers serves an endpoint; ``None`` where there can be only one."""
        if not self.on_postgresql:
            return None
        claims = AdvisoryClaims(LockSession(self.database_url, self.limits))
        self._stack.callback(claims.close)
        return claims

    # How the installation is called, and whom it calls.

    @property
    def public_url(self) -> str:
        """The base of generated URLs, without a trailing slash: the setting, else the one that the server last used."""
        server = self.settings.server
        return server.public_url.rstrip("/") or self.folder.remembered_url() or f"http://{server.host}:{server.port}"

    @property
    def media_url(self) -> str:
        """The base of media addresses where an application has chosen no distribution of its own."""
        return self.settings.playback.media_url.rstrip("/") or self.public_url

    @property
    def origin(self) -> str:
        """The origin of the public URL."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    def evidence(self, key: str, seconds: int) -> tuple[str, str]:
        """Return a URL of a review's evidence that is valid for ``seconds``, and when it expires (ISO 8601)."""
        expires = int(self.clock.now()) + seconds
        token = evidence_token(self.keys.playback_token, key, expires)
        moment = datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"{self.public_url}/{key}?evidence={token}", moment

    @property
    def allowed_networks(self) -> Sequence[Network]:
        """Where events may go besides the public internet (decision 15).

        A platform on loopback, under a loopback URL, can be reached from this machine only, so loopback is allowed.
        """
        if self.settings.events.allow_private is not None:
            return self.settings.events.allow_private
        hosts = (self.settings.server.host, urlsplit(self.public_url).hostname or "")
        return LOOPBACK if all(_is_loopback(host) for host in hosts) else ()

    @cached_property
    def dialler(self) -> Dialler:
        """What judges where connections go."""
        return Dialler(self.allowed_networks)

    def poster(self) -> HttpPoster:
        """Return what posts events; the caller closes it."""
        return HttpPoster(self.dialler)

    def fetcher(self) -> HttpFetcher:
        """Return what fetches files."""
        return HttpFetcher(self.dialler, stall_seconds=self.settings.pulls.stall_seconds)

    # Media programs.

    @cached_property
    def prober(self) -> PyAvProber:
        """What reads what a file is."""
        return PyAvProber(timeout=self.settings.probe.timeout_seconds)

    @cached_property
    def ffmpeg(self) -> FfmpegProcess:
        """What runs FFmpeg."""
        return FfmpegProcess()

    def uses(self) -> dict[str, Any]:
        """Return what this process uses, for its log; secrets as digests, so that two processes can be compared."""
        settings = json.loads(self.settings.handed_on())
        settings["database"]["url"] = _digest(self.database_url.encode())
        settings["storage"]["url"] = _digest(self.settings.storage.url.get_secret_value().encode())
        return {
            "settings": settings,
            "folder": str(self.folder.path),
            "scratch": str(self.folder.scratch),
            "engine": _digest(self.engine_url.encode()),
            "keys": {name: _digest(key) for name, key in asdict(self.keys).items()},
            "public_url": self.public_url,
            "media_url": self.media_url,
            "allowed_networks": [str(network) for network in self.allowed_networks],
        }


@contextmanager
def _reachable() -> Iterator[None]:
    """Say to the operator why a database cannot be opened."""
    try:
        yield
    except SQLAlchemyError as error:
        if translated(error) is None:
            raise
        raise Unavailable(
            "database.unreachable",
            f"the database cannot be used: {words(error)}; look at OPENVOD__DATABASE__URL, the server and its disk",
        ) from error


def _digest(secret: bytes) -> str:
    return hashlib.sha256(secret).hexdigest()[:16]


def _is_loopback(host: str) -> bool:
    try:
        address = parse_address(host)
    except ValueError:
        return host == "localhost"
    return any(address.version == network.version and address in network for network in LOOPBACK)
