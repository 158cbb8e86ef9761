"""The services of stored objects, and those that maintain the store."""

from __future__ import annotations

from functools import cached_property

from openvod.adapters.sql.database import Transaction
from openvod.app.foundation import Foundation
from openvod.storage.collector import Collector
from openvod.storage.files import ObjectFiles
from openvod.storage.multipart import MultipartService
from openvod.storage.outputs import OutputStore
from openvod.storage.placement import SlotBoard
from openvod.storage.scrubber import Scrubber
from openvod.storage.service import StorageService
from openvod.storage.strays import StrayObjects
from openvod.storage.writing import BlobWriter
from openvod.upload.ownership import strays

_DAY_SECONDS = 86_400.0


class StorageServices:
    """Services for objects, garbage collection and checks."""

    def __init__(self, base: Foundation) -> None:
        self._base = base

    @cached_property
    def objects(self) -> StorageService:
        """Finished objects."""
        return StorageService(self._base.database, self._base.blobs, self.writer, self._base.clock)

    @cached_property
    def multipart(self) -> MultipartService:
        """Multipart uploads."""
        base = self._base
        return MultipartService(base.database, base.blobs, self.writer, base.clock, base.entropy)

    @cached_property
    def writer(self) -> BlobWriter:
        """The writer of blobs, which also tracks blobs that are being written."""
        base = self._base
        return BlobWriter(base.database, base.blobs, base.clock, base.entropy, SlotBoard())

    @cached_property
    def files(self) -> ObjectFiles:
        """Objects as local files."""
        base = self._base
        return ObjectFiles(base.database, self.objects, base.blobs, self.writer, base.working)

    @cached_property
    def outputs(self) -> OutputStore:
        """Objects that processing produces."""
        base = self._base
        return OutputStore(base.database, base.blobs, base.working, base.clock, base.entropy)

    @cached_property
    def collector(self) -> Collector:
        """Frees unreferenced bytes."""
        keep = self._base.settings.storage.quarantine_days * _DAY_SECONDS
        return Collector(
            self._base.database,
            self._base.blobs,
            self.writer.slots,
            self._base.clock,
            keep_seconds=keep,
            restored_at=self._base.installation.restored_at,
        )

    @cached_property
    def strays(self) -> StrayObjects[Transaction]:
        """Finds objects without a file or upload."""
        return StrayObjects(self._base.database, strays, self._base.clock)

    @cached_property
    def scrubber(self) -> Scrubber:
        """Reads every stored object and verifies its checksum."""
        return Scrubber(self._base.database, self._base.blobs)
