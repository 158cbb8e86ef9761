"""Watermark templates with a picture: the picture is stored beside the outputs, the template names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from openvod.base.errors import Exhausted, Invalid
from openvod.base.identifiers import new_hex
from openvod.base.ports import Clock, Entropy, UnitOfWork
from openvod.media.flow_records import FlowTx
from openvod.storage.model import Bucket
from openvod.storage.outputs import Adopted, OutputFile, OutputStore, place
from openvod.tasks.model import Failure
from openvod.tasks.service import QUOTAS
from openvod.tasks.templates import FIRST_CUSTOM_DEFINITION, Template, TemplateKind, read_body

_KIND = TemplateKind.WATERMARK


class WatermarkService:
    """Stores watermark pictures. ``check_image`` returns the extension of a usable picture or raises ``Failure``."""

    def __init__(
        self,
        uow: UnitOfWork[FlowTx],
        outputs: OutputStore,
        check_image: Callable[[str], str],
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._uow = uow
        self._outputs = outputs
        self._check_image = check_image
        self._clock = clock
        self._entropy = entropy

    async def create(self, bucket: Bucket, plain: Mapping[str, Any], image_path: str, *, name: str = "") -> Template:
        """Store picture and template together; the picture's members stand in ``ImageTemplate``.

        Raises ``Invalid("template.image")`` for what is no picture.
        """
        try:
            suffix = self._check_image(image_path)
        except Failure as failure:
            raise Invalid("template.image", failure.message, field="ImageContent") from failure
        key = f"{bucket.short_name}/watermark/{new_hex(self._entropy, 16)}.{suffix}"
        body = read_body(_KIND, {**plain, "ImageTemplate": {**plain.get("ImageTemplate", {}), "ImageKey": key}})
        adopted = await self._outputs.adopt([OutputFile(key, image_path, {"Content-Type": f"image/{suffix}"})])
        try:
            return await self._uow.write(lambda tx: self._store(tx, bucket, body, adopted, name))
        except BaseException:
            await self._outputs.discard(adopted)
            raise

    def _store(self, tx: FlowTx, bucket: Bucket, body: Any, adopted: Sequence[Adopted], name: str) -> Template:
        now = self._clock.now()
        existing = tx.tasks.templates(bucket.sub_app_id, _KIND)
        if len(existing) >= QUOTAS[_KIND]:
            raise Exhausted("template.quota", f"application {bucket.sub_app_id} has all its watermarks in use")
        place(tx.storage, bucket, adopted, now)
        last = max((template.definition for template in existing), default=FIRST_CUSTOM_DEFINITION)
        template = Template(_KIND, last + 1, body, name, created_at=now, updated_at=now)
        tx.tasks.put_template(bucket.sub_app_id, replace(template))
        return template
