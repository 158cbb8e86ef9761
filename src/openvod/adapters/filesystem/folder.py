"""A data folder: its layout, its lock, its root key and its format number."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from openvod.adapters.filesystem.incoming import sync_directory
from openvod.base.errors import Conflict, Invalid, Unavailable

_NONCE_BYTES = 12
_KEY_BYTES = 32
_IDENTITY = "installation.json"
_OTHERS = 0o007


def absolute(path: Path) -> Path:
    """Return a path that may be told to other processes; raises ``ValueError`` for one that means what it likes."""
    if not path.is_absolute():
        raise ValueError(f"{path} is relative: whoever runs in another folder would not find it")
    return path


def replace_file(path: Path, text: str) -> None:
    """Write a small file so that a crash leaves the old or the new one, durably."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
    try:
        os.write(fd, text.encode())
        os.fsync(fd)
    finally:
        os.close(fd)
    temporary.rename(path)
    sync_directory(path.parent)


class DataFolder:
    """Everything that one installation keeps on disk."""

    def __init__(self, path: Path) -> None:
        # Absolute once and for all: media programs run in folders of their own.
        self.path = path.absolute()
        self.database = self.path / "openvod.sqlite3"
        self.blobs = self.path / "blobs"
        self.scratch = self.path / "scratch"
        self._lock_fd: int | None = None

    def prepare(self) -> None:
        """Create the folder; raises ``Invalid("data_dir.unwritable")`` with the reason."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o750)
            self.blobs.mkdir(exist_ok=True)
            self.scratch.mkdir(exist_ok=True)
            probe = self.path / ".writable"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise Invalid(
                "data_dir.unwritable", f"--data-dir {self.path} cannot be written: {error.strerror}"
            ) from error

    def lock(self) -> None:
        """Take the folder for this process; raises ``Conflict("data_dir.in_use")`` when a server has it."""
        fd = os.open(self.path / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            raise Conflict(
                "data_dir.in_use", f"--data-dir {self.path} is in use by the server with process id {owner}; stop it"
            ) from error
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._lock_fd = fd

    def unlock(self) -> None:
        """Release the folder."""
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def remember_url(self, public_url: str) -> None:
        """Keep the base of the URLs handed out, for programs beside the server."""
        (self.path / "public-url").write_text(public_url, encoding="utf-8")

    def remembered_url(self) -> str:
        """Return what the server handed out last; empty before its first start."""
        path = self.path / "public-url"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Keep other processes that begin on this folder waiting while the block runs."""
        fd = os.open(self.path / "start.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def identity(self) -> tuple[str, int]:
        """Return the installation's id and the newest mark of its database that was seen here; empty when new."""
        path = self.path / _IDENTITY
        if not path.exists():
            return "", 0
        try:
            told = json.loads(path.read_bytes())
            return str(told["installation_id"]), int(told["mark"])
        except (ValueError, KeyError, TypeError) as error:
            raise Invalid("data_dir.identity", f"{path} is damaged; restore it, or run `openvod adopt`") from error

    def identify(self, installation_id: str, mark: int) -> None:
        """Remember the installation's id and a mark of its database, durably."""
        replace_file(self.path / _IDENTITY, json.dumps({"installation_id": installation_id, "mark": mark}))

    @property
    def root_key(self) -> bytes:
        """The installation's root key: 32 bytes that live outside the database, readable by nobody else."""
        path = self.root_key_path
        try:
            key = path.read_bytes()
            mode = path.stat().st_mode
        except FileNotFoundError as error:
            raise Invalid(
                "data_dir.root_key",
                f"{path} is missing, and what the database holds sealed opens with it alone: restore it from a backup. "
                "If it is lost, `openvod adopt --new-root-key` makes another one; keys and endpoints' secrets must "
                "then be made anew",
            ) from error
        except OSError as error:
            raise Invalid("data_dir.root_key", f"{path} cannot be read: {error.strerror}") from error
        if mode & _OTHERS:
            raise Invalid(
                "data_dir.root_key_rights",
                f"{path} is open to every user of this machine (mode {mode & 0o777:o}); run: chmod 600 {path}",
            )
        if len(key) != _KEY_BYTES:
            raise Invalid("data_dir.root_key", f"{path} must hold {_KEY_BYTES} bytes; restore it")
        return key

    @property
    def root_key_path(self) -> Path:
        """Where the root key lies."""
        return self.path / "root.key"

    def mark_or_zero(self) -> int:
        """Return the newest mark seen here, 0 where what tells it is damaged."""
        try:
            return self.identity()[1]
        except Invalid:
            return 0

    def set_root_key_aside(self) -> None:
        """Keep a root key under another name."""
        if self.root_key_path.exists():
            self.root_key_path.rename(self.path / f"root.key.before-{os.urandom(4).hex()}")

    def make_root_key(self) -> None:
        """Write a root key where there is none: under a temporary name first, so that a crash leaves none."""
        if self.root_key_path.exists():
            return
        temporary = self.path / f".root.key.{os.getpid()}"
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(fd, os.urandom(_KEY_BYTES))
            os.fsync(fd)
        finally:
            os.close(fd)
        with contextlib.suppress(FileExistsError):
            os.link(temporary, self.root_key_path)
        temporary.unlink()


class AesSecretBox:
    """Seals secrets with AES-256-GCM under a root key."""

    def __init__(self, root_key: bytes) -> None:
        self._cipher = AESGCM(root_key)

    def seal(self, secret: str, context: str) -> bytes:
        """See :class:`openvod.access.ports.SecretBox`."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), context.encode())

    def open(self, sealed: bytes, context: str) -> str:
        """See :class:`openvod.access.ports.SecretBox`."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode()).decode()
        except InvalidTag as error:
            raise Unavailable(
                "secret_box.wrong_key", "stored secrets do not open with root.key; restore the file that belongs here"
            ) from error
