"""The adapters of an installation, created once per process from its settings: server, worker, every command.

No other module of ``app`` creates an adapter, so that all processes use the same ones with the same settings.
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
from openvod.app.media_programs import MediaPrograms
from openvod.app.settings import Settings
from openvod.app.stores import open_blobs, open_working_files
from openvod.base.errors import Unavailable
from openvod.signing.playback_token import evidence_token
from openvod.storage.blobs import Blobs, WorkingFiles
from openvod.storage.installation import Installation


@dataclass(frozen=True)
class DerivedKeys:
    """One key per purpose, derived from the root key."""

    secret_box: bytes
    storage_token: bytes
    playback_token: bytes
    probe_token: bytes
    event_stream_token: bytes
    verify_content: bytes
    installation_check: bytes

    @classmethod
    def of(cls, root_key: bytes) -> Self:
        """Derive the keys."""
        return cls(**{name: _derived(root_key, name.replace("_", "-")) for name in cls.__dataclass_fields__})


def _derived(root_key: bytes, purpose: str) -> bytes:
    return hmac.new(root_key, f"openvod/{purpose}".encode(), hashlib.sha256).digest()


class Foundation:
    """Folder, database, stores, clock, entropy, keys, addresses and dialler of one installation.

    Resources open at first use, except those that :meth:`open` opens. Use as a context manager, or close it.
    """

    def __init__(self, data_dir: Path, settings: Settings, *, is_worker: bool = False) -> None:
        self._is_worker = is_worker
        #: Returns whether this process may write; a worker replaces it with its liveness check.
        self.proven: Callable[[], bool] = lambda: True
        self.folder = DataFolder(data_dir)
        self.settings = settings
        self.clock = SystemClock()
        self.entropy = SystemEntropy()
        self.installation = Installation("")
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Call :meth:`open`."""
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Call :meth:`close`."""
        self.close()

    def open(self) -> None:
        """Prepare the data folder and open the database at the newest schema.

        Raises ``OpenVodError``, without changes, when database, folder and store are not one installation.
        """
        self.folder.prepare()
        with self.folder.turn(), _translate_failures():
            refuse_missing_database(self)
            upgrade(self.database.engine)
            self.installation = establish(self)

    def open_unchecked(self) -> None:
        """As :meth:`open`, without checking that the parts form one installation."""
        self.folder.prepare()
        with _translate_failures():
            upgrade(self.database.engine)

    def lock(self) -> None:
        """Lock the data folder until :meth:`close`; raises ``Conflict("data_dir.in_use")``."""
        self.folder.prepare()
        self.folder.lock()
        self._stack.callback(self.folder.unlock)

    def close(self) -> None:
        """Close the open resources in reverse order."""
        self._stack.close()

    # Storage and database.

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL, including a password."""
        return absolute_url(self.settings.database.url.get_secret_value()) or sqlite_url(self.folder.database)

    @property
    def engine_url(self) -> str:
        """The URL of the flow engine's tables: a file in the data folder, or a schema on the same server."""
        return self.database_url if self.on_postgresql else f"sqlite:///{self.folder.path / 'engine.sqlite3'}"

    @property
    def engine_connect_args(self) -> dict[str, Any]:
        """Connection arguments of the flow engine, with the same time-outs."""
        return connect_args(self.limits) if self.on_postgresql else {}

    @property
    def sqlite_file(self) -> Path:
        """The database's file; unused with PostgreSQL."""
        return sqlite_path(self.database_url)

    @property
    def on_postgresql(self) -> bool:
        """Whether the database is PostgreSQL."""
        return self.database_url.startswith("postgresql")

    @property
    def limits(self) -> DatabaseLimits:
        """The database limits of this process."""
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
        """The database, at its current schema version."""
        database = open_database(self.database_url, self.limits)
        self._stack.callback(database.close)
        # Read the attribute at each call, because a worker sets it after it opens the database.
        return FencedDatabase(database, lambda: self.proven()) if self._is_worker else database

    @cached_property
    def blobs(self) -> Blobs:
        """The blob store with its abilities."""
        return self._stack.enter_context(open_blobs(self.settings.storage, self.folder))

    @cached_property
    def working(self) -> WorkingFiles:
        """Local copies of objects, for a store without local files."""
        return self._stack.enter_context(open_working_files(self.folder))

    @cached_property
    def scratch(self) -> ScratchFolders:
        """Scratch folders of jobs."""
        return ScratchFolders(self.folder.scratch, self.programs.prober, self.programs.put_asset)

    def held_pictures(self) -> HeldPictures:
        """Return the folder of uploaded pictures that are not stored yet; deletes those of earlier processes."""
        return HeldPictures(self.folder.path / "pictures", self.entropy, self.programs.check_image)

    # Secrets, passwords and locks.

    @cached_property
    def keys(self) -> DerivedKeys:
        """The derived keys."""
        return DerivedKeys.of(self.folder.root_key)

    @cached_property
    def box(self) -> AesSecretBox:
        """The encryption of stored secrets."""
        return AesSecretBox(self.keys.secret_box)

    def passwords(self) -> Argon2Passwords:
        """Return a password hasher; each one limits its own concurrent hashes."""
        return Argon2Passwords()

    def liveness(self) -> AdvisoryLiveness | LockFileLiveness:
        """Return the liveness locks of workers."""
        if not self.on_postgresql:
            return LockFileLiveness(self.folder.path / "workers")
        advisory = AdvisoryLiveness(LockSession(self.database_url, self.limits))
        self._stack.callback(advisory.close)
        return advisory

    def claims(self) -> AdvisoryClaims | None:
        """Return the claims of endpoints among servers; ``None`` when there can be only one server."""
        if not self.on_postgresql:
            return None
        claims = AdvisoryClaims(LockSession(self.database_url, self.limits))
        self._stack.callback(claims.close)
        return claims

    # URLs, and outgoing connections.

    @property
    def public_url(self) -> str:
        """The base of generated URLs, without a trailing slash: the setting, or the server's last one."""
        server = self.settings.server
        return server.public_url.rstrip("/") or self.folder.remembered_url() or f"http://{server.host}:{server.port}"

    @property
    def media_url(self) -> str:
        """The base of media URLs for applications without their own distribution."""
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
        """Private networks to which events may be sent (decision 15).

        Loopback is allowed when the platform listens on loopback under a loopback URL: only this machine can reach it.
        """
        if self.settings.events.allow_private is not None:
            return self.settings.events.allow_private
        hosts = (self.settings.server.host, urlsplit(self.public_url).hostname or "")
        return LOOPBACK if all(_is_loopback(host) for host in hosts) else ()

    @cached_property
    def dialler(self) -> Dialler:
        """The guarded dialler of outgoing connections."""
        return Dialler(self.allowed_networks)

    def poster(self) -> HttpPoster:
        """Return the poster of events; the caller closes it."""
        return HttpPoster(self.dialler)

    def fetcher(self) -> HttpFetcher:
        """Return the fetcher of files."""
        return HttpFetcher(self.dialler, stall_seconds=self.settings.pulls.stall_seconds)

    @cached_property
    def programs(self) -> MediaPrograms:
        """The programs that read uploaded files."""
        return MediaPrograms(self.settings)

    def uses(self) -> dict[str, Any]:
        """Return this process's settings and resources for its log, with secrets as digests, to compare processes."""
        settings = json.loads(self.settings.to_child_json())
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
def _translate_failures() -> Iterator[None]:
    """Raise database errors with advice for the operator."""
    try:
        yield
    except SQLAlchemyError as error:
        if translated(error) is None:
            raise
        raise Unavailable(
            "database.unreachable",
            f"the database cannot be used: {words(error)}; check OPENVOD__DATABASE__URL, the server and its disk",
        ) from error


def _digest(secret: bytes) -> str:
    return hashlib.sha256(secret).hexdigest()[:16]


def _is_loopback(host: str) -> bool:
    try:
        address = parse_address(host)
    except ValueError:
        return host == "localhost"
    return any(address.version == network.version and address in network for network in LOOPBACK)
