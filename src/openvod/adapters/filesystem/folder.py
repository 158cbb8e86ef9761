"""The data folder: layout, lock, root key and format number."""

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
    """Return an absolute path, which other processes can use; raises ``ValueError`` for a relative one."""
    if not path.is_absolute():
        raise ValueError(f"{path} is relative; processes in other working directories would not find it")
    return path


def replace_file(path: Path, text: str) -> None:
    """Write a small file atomically and durably: after a crash it is the old or the new one."""
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
    """The folder with all files of an installation."""

    def __init__(self, path: Path) -> None:
        # Absolute, because media programs run in other working directories.
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
        """Lock the folder for this process; raises ``Conflict("data_dir.in_use")`` when a server has it."""
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
        """Release the lock."""
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def remember_url(self, public_url: str) -> None:
        """Store the public URL of the server for other programs."""
        (self.path / "public-url").write_text(public_url, encoding="utf-8")

    def remembered_url(self) -> str:
        """Return the last public URL of the server; empty before its first start."""
        path = self.path / "public-url"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Serialise starts: other processes that start on this folder wait until the block ends."""
        fd = os.open(self.path / "start.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def identity(self) -> tuple[str, int]:
        """Return the installation's id and the newest database mark that this folder has seen; empty when new."""
        path = self.path / _IDENTITY
        if not path.exists():
            return "", 0
        try:
            stored = json.loads(path.read_bytes())
            return str(stored["installation_id"]), int(stored["mark"])
        except (ValueError, KeyError, TypeError) as error:
            raise Invalid("data_dir.identity", f"{path} is damaged; restore it, or run `openvod adopt`") from error

    def identify(self, installation_id: str, mark: int) -> None:
        """Store the installation's id and a mark of its database, durably."""
        replace_file(self.path / _IDENTITY, json.dumps({"installation_id": installation_id, "mark": mark}))

    @property
    def root_key(self) -> bytes:
        """The installation's root key: 32 bytes outside the database, readable by the owner alone."""
        path = self.root_key_path
        try:
            key = path.read_bytes()
            mode = path.stat().st_mode
        except FileNotFoundError as error:
            raise Invalid(
                "data_dir.root_key",
                f"{path} is missing; the secrets in the database need it: restore it from a backup. If it is "
                "lost, `openvod adopt --new-root-key` makes a new one; then create keys and endpoint secrets again",
            ) from error
        except OSError as error:
            raise Invalid("data_dir.root_key", f"{path} cannot be read: {error.strerror}") from error
        if mode & _OTHERS:
            raise Invalid(
                "data_dir.root_key_rights",
                f"every user of this machine can read {path} (mode {mode & 0o777:o}); run: chmod 600 {path}",
            )
        if len(key) != _KEY_BYTES:
            raise Invalid("data_dir.root_key", f"{path} must hold {_KEY_BYTES} bytes; restore it")
        return key

    @property
    def root_key_path(self) -> Path:
        """The path of the root key."""
        return self.path / "root.key"

    def mark_or_zero(self) -> int:
        """Return the newest mark that this folder has seen, 0 when its file is damaged."""
        try:
            return self.identity()[1]
        except Invalid:
            return 0

    def back_up_root_key(self) -> None:
        """Rename the root key, if there is one."""
        if self.root_key_path.exists():
            self.root_key_path.rename(self.path / f"root.key.before-{os.urandom(4).hex()}")

    def make_root_key(self) -> None:
        """Write a root key if there is none, atomically: a crash leaves a whole file or none."""
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
    """Encrypts secrets with AES-256-GCM under a key."""

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
            message = "root.key does not decrypt the stored secrets; restore the file that belongs to this database"
            raise Unavailable("secret_box.wrong_key", message) from error
