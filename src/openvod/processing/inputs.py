"""The stored objects that a job reads, as local files: source, clips, watermark pictures, cover."""

from __future__ import annotations

from contextlib import AsyncExitStack

from openvod.base.errors import NotFound
from openvod.base.ports import UnitOfWork
from openvod.kinds.failure import Failure
from openvod.kinds.plan.joined import CLIP
from openvod.kinds.plan.model import SOURCE, Asset, Source
from openvod.media.model import MediaAsset
from openvod.media.ports import Originals
from openvod.processing.flow_records import FlowState, FlowTx


class JobInputs:
    """Gives paths of what one job reads; they are valid until ``files`` is closed."""

    def __init__(self, uow: UnitOfWork[FlowTx], originals: Originals, files: AsyncExitStack, asset: MediaAsset) -> None:
        self._uow = uow
        self._originals = originals
        self._files = files
        self._asset = asset

    async def paths(self, source: Source) -> dict[str, str]:
        """Return the path behind each placeholder of a command: the source's, and that of each clip."""
        paths = {SOURCE: await self._path(self._asset.bucket, self._asset.media_key)}
        for file_id, clip in source.clips.items():
            paths[CLIP.format(file_id)] = await self._path(clip.bucket, clip.key)
        return paths

    async def image(self, asset: Asset) -> str:
        """Return the path of the stored picture of an image asset, empty for other assets; raises :class:`Failure`."""
        if asset.kind != "image":
            return ""
        key, application = str(asset.options["key"]), self._asset.sub_app_id
        bucket = await self._uow.read(lambda tx: tx.storage.bucket_by_short_name(key.partition("/")[0]))
        try:
            if bucket is None or bucket.sub_app_id != application:
                raise NotFound("storage.bucket", f"no bucket of application {application} holds {key}")
            return await self._path(bucket.name, key)
        except NotFound as error:
            raise Failure("InvalidInput", "the watermark's picture is not stored any more; replace it") from error

    async def cover(self, state: FlowState, number: int) -> str:
        """Return the path of the file's cover when the review ``number`` asks for it, otherwise an empty string."""
        asked = next(subtask.input for subtask in state.subtasks if subtask.number == number)
        if "Cover" not in asked.get("ReviewContents", ()):
            return ""
        key = self._asset.cover_key
        bucket = await self._uow.read(
            lambda tx: tx.storage.bucket_by_short_name(key.partition("/")[0]) if key else None
        )
        if bucket is None:
            raise Failure("InvalidInput", "the file has no cover; leave Cover out of ReviewContents")
        return await self._path(bucket.name, key)

    async def _path(self, bucket: str, key: str) -> str:
        return await self._files.enter_async_context(self._originals.local_file(bucket, key))
