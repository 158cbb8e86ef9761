"""Scratch folders of jobs: ``scratch/<task>/<job>``, one folder per sub-task inside."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from openvod.adapters.filesystem.folder import absolute
from openvod.kinds.plan.model import Asset
from openvod.kinds.probe import Prober, ProbeResult
from openvod.kinds.registry import FOLDERS

_DIGITS = re.compile(r"(\d+)")

#: Writes an asset to a path; the second argument is the stored picture of an image asset.
PutAsset = Callable[[Asset, Path, str], None]


class ScratchFolders:
    """See :class:`openvod.processing.ports.ScratchSpace`."""

    def __init__(self, root: Path, prober: Prober, put_asset: PutAsset) -> None:
        self._root = absolute(root)
        self._prober = prober
        self._put_asset = put_asset

    async def open(self, task_id: str, job: str, shares: Sequence[int]) -> ScratchFolder:
        """See :meth:`openvod.processing.ports.ScratchSpace.open`."""
        # A unique name: a worker that is considered dead may still write into the folder of its attempt.
        path = self._root / task_id / f"{job}-{os.urandom(4).hex()}"

        def make() -> None:
            for number in shares:
                # FFmpeg does not create folders.
                for name in FOLDERS:
                    (path / str(number) / name).mkdir(parents=True)

        await asyncio.to_thread(make)
        return ScratchFolder(path, self._prober, self._put_asset)

    async def clear(self, task_id: str) -> None:
        """See :meth:`openvod.processing.ports.ScratchSpace.clear`."""
        await asyncio.to_thread(shutil.rmtree, self._root / task_id, ignore_errors=True)

    async def clear_all_but(self, task_ids: Sequence[str]) -> int:
        """See :meth:`openvod.processing.ports.ScratchSpace.clear_all_but`."""
        kept = frozenset(task_ids)
        others = [path for path in self._root.glob("*") if path.name not in kept]
        for path in others:
            await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)
        return len(others)


class ScratchFolder:
    """See :class:`openvod.processing.ports.JobFolder`."""

    def __init__(self, path: Path, prober: Prober, put_asset: PutAsset) -> None:
        self._path = path
        self._prober = prober
        self._put_asset = put_asset
        self.path = str(path)

    async def put(self, asset: Asset, image_path: str) -> None:
        """See :meth:`openvod.processing.ports.JobFolder.put`."""
        await asyncio.to_thread(self._put_asset, asset, self._path / asset.name, image_path)

    def share(self, number: int, key: bytes) -> ScratchFiles:
        """See :meth:`openvod.processing.ports.JobFolder.share`."""
        return ScratchFiles(self._path / str(number), self._prober, key)

    def frames(self, number: int) -> Sequence[str]:
        """See :meth:`openvod.processing.ports.JobFolder.frames`."""
        return [str(path) for path in sorted((self._path / str(number) / "frames").iterdir())]

    def document(self, number: int, text: str) -> str:
        """See :meth:`openvod.processing.ports.JobFolder.document`."""
        path = self._path / f"{number}.json"
        path.write_text(text, encoding="utf-8")
        return str(path)

    def share_path(self, number: int, name: str) -> str:
        """See :meth:`openvod.processing.ports.JobFolder.share_path`."""
        return str(self._path / str(number) / name)


class ScratchFiles:
    """See :class:`openvod.kinds.results.ShareFiles`."""

    def __init__(self, path: Path, prober: Prober, key: bytes) -> None:
        self._path = path
        self._prober = prober
        self._key = key

    def sizes(self) -> Mapping[str, int]:
        """See :meth:`openvod.kinds.results.ShareFiles.sizes`."""
        files = [path for path in self._path.rglob("*") if path.is_file()]
        names = {str(path.relative_to(self._path)): path.stat().st_size for path in files}
        return {name: names[name] for name in sorted(names, key=_natural)}

    def read(self, name: str) -> str:
        """See :meth:`openvod.kinds.results.ShareFiles.read`."""
        return (self._path / name).read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """See :meth:`openvod.kinds.results.ShareFiles.write`."""
        (self._path / name).write_text(text, encoding="utf-8")

    def md5(self, name: str) -> str:
        """See :meth:`openvod.kinds.results.ShareFiles.md5`."""
        with (self._path / name).open("rb") as file:
            return hashlib.file_digest(file, "md5").hexdigest()

    def encrypt(self, names: Sequence[str]) -> None:
        """See :meth:`openvod.kinds.results.ShareFiles.encrypt`."""
        for sequence, name in enumerate(names):
            path = self._path / name
            padder = PKCS7(128).padder()
            padded = padder.update(path.read_bytes()) + padder.finalize()
            encryptor = Cipher(algorithms.AES(self._key), modes.CBC(sequence.to_bytes(16))).encryptor()
            path.write_bytes(encryptor.update(padded) + encryptor.finalize())

    async def probe(self, *names: str) -> ProbeResult:
        """See :meth:`openvod.kinds.results.ShareFiles.probe`."""
        if len(names) == 1:
            return await self._prober.probe(str(self._path / names[0]))
        joined = self._path.parent / f"joined-{self._path.name}"
        joined.write_bytes(b"".join((self._path / name).read_bytes() for name in names))
        return await self._prober.probe(str(joined))


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a sort key with ``_2`` before ``_10``."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in _DIGITS.split(name)]
