"""Watermark templates with a picture, which is stored beside the outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from openvod.access.ports import AccessTables
from openvod.base.errors import Exhausted, Invalid, NotFound
from openvod.base.identifiers import new_hex
from openvod.base.ports import Clock, Entropy, UnitOfWork
from openvod.base.wire import merged
from openvod.kinds.failure import Failure
from openvod.kinds.names import TemplateKind
from openvod.kinds.templates import FIRST_CUSTOM_DEFINITION, Template
from openvod.kinds.watermark import TEMPLATE, WatermarkTemplate
from openvod.media.outputs import output_bucket
from openvod.processing.flow_records import FlowTx
from openvod.storage.model import Bucket
from openvod.storage.outputs import Adopted, OutputFile, OutputStore, place
from openvod.storage.ports import StorageTables
from openvod.storage.removal import remove_object
from openvod.tasks.templates import changed_template, read_body

_KIND = TemplateKind.WATERMARK
#: Folder of the pictures in the bucket of outputs.
FOLDER = "watermark"
#: First bytes of JPEG, PNG and GIF.
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8")


class WatermarkTx(FlowTx, Protocol):
    """A transaction over templates and their pictures."""

    @property
    def access(self) -> AccessTables:
        """Regions."""
        ...


class Pictures(Protocol):
    """Checks pictures before they are stored."""

    def held(self, content: bytes) -> AbstractAsyncContextManager[str]:
        """Write ``content`` to a temporary file beside the store; yield its path."""
        ...

    async def check(self, path: str) -> str:
        """Return the extension of a usable picture; :class:`openvod.kinds.failure.Failure` for another."""
        ...


class Watermarks:
    """Templates of watermarks for API 3.0 (``procedures-and-api.md`` 5); a picture is deleted with its template."""

    def __init__(
        self, uow: UnitOfWork[WatermarkTx], outputs: OutputStore, pictures: Pictures, clock: Clock, entropy: Entropy
    ) -> None:
        self._uow = uow
        self._outputs = outputs
        self._pictures = pictures
        self._clock = clock
        self._entropy = entropy

    async def create(
        self, sub_app_id: int, plain: Mapping[str, Any], picture: bytes | None, *, name: str = "", comment: str = ""
    ) -> Template:
        """Store a template, with its picture when its type is image.

        Raises ``Invalid("template.field")``, ``Invalid("template.image_format")`` or
        ``Invalid("template.image_decode")`` for an unusable picture, ``Exhausted("template.quota")``.
        """

        def store(tx: WatermarkTx, bucket: Bucket, image: Mapping[str, Any], adopted: Sequence[Adopted]) -> Template:
            body = read_body(_KIND, merged(plain, image))
            return store_watermark(tx, bucket, body, adopted, self._clock.now(), name, comment)

        return await self._with_picture(sub_app_id, picture, store)

    async def modify(
        self,
        sub_app_id: int,
        definition: int,
        changes: Mapping[str, Any],
        picture: bytes | None,
        *,
        name: str | None = None,
        comment: str | None = None,
    ) -> Template:
        """Change members of a template; a new picture replaces the old one.

        Raises ``NotFound("template.unknown")`` besides what :meth:`create` raises.
        """
        await self._uow.read(lambda tx: _known(tx, sub_app_id, definition))

        def store(tx: WatermarkTx, bucket: Bucket, image: Mapping[str, Any], adopted: Sequence[Adopted]) -> Template:
            tx.tasks.alone(sub_app_id)
            found, now = _known(tx, sub_app_id, definition), self._clock.now()
            wanted = merged(changes, image)
            _check_same_type(found.body, wanted)
            place(tx.storage, bucket, adopted, now)
            if adopted:
                _remove_picture(tx.storage, found)
            changed = changed_template(found, wanted, name, comment, now)
            tx.tasks.put_template(sub_app_id, changed)
            return changed

        return await self._with_picture(sub_app_id, picture, store)

    async def delete(self, sub_app_id: int, definition: int) -> None:
        """Delete a template with its picture; ``NotFound("template.unknown")``."""

        def work(tx: WatermarkTx) -> None:
            _remove_picture(tx.storage, _known(tx, sub_app_id, definition))
            tx.tasks.delete_template(sub_app_id, _KIND, definition)

        await self._uow.write(work)

    async def listed(self, sub_app_id: int) -> Sequence[Template]:
        """Return the templates of an application, by id."""
        return await self._uow.read(lambda tx: tx.tasks.templates(sub_app_id, _KIND))

    async def _with_picture(self, sub_app_id: int, picture: bytes | None, store: _Store) -> Template:
        """Store the picture, then run ``store`` with its key in ``ImageTemplate``."""
        bucket = await self._uow.write(lambda tx: self._bucket(tx, sub_app_id))
        if picture is None:
            return await self._uow.write(lambda tx: store(tx, bucket, {}, ()))
        async with self._pictures.held(picture) as path:
            suffix = await self._checked(picture, path)
            key = picture_key(bucket, self._entropy, suffix)
            adopted = await self._outputs.adopt([OutputFile(key, path, {"Content-Type": picture_type(suffix)})])
        try:
            return await self._uow.write(lambda tx: store(tx, bucket, {"ImageTemplate": {"ImageKey": key}}, adopted))
        except BaseException:
            await self._outputs.discard(adopted)
            raise

    async def _checked(self, picture: bytes, path: str) -> str:
        try:
            return await self._pictures.check(path)
        except Failure as failure:
            known = picture.startswith(_MAGIC)
            code = "template.image_decode" if known else "template.image_format"
            raise Invalid(code, failure.message, field="ImageContent") from failure

    def _bucket(self, tx: WatermarkTx, sub_app_id: int) -> Bucket:
        region = next(region for region in tx.access.regions() if region.is_default)
        return output_bucket(tx.storage, self._entropy, sub_app_id, region.name)


_Store = Callable[[WatermarkTx, Bucket, Mapping[str, Any], Sequence[Adopted]], Template]


def picture_key(bucket: Bucket, entropy: Entropy, suffix: str) -> str:
    """Return a new key for a picture."""
    return f"{bucket.short_name}/{FOLDER}/{new_hex(entropy, 16)}.{suffix}"


def picture_type(suffix: str) -> str:
    """Return the media type of a picture."""
    return f"image/{'jpeg' if suffix == 'jpg' else suffix}"


def store_watermark(
    tx: FlowTx, bucket: Bucket, body: Any, adopted: Sequence[Adopted], now: float, name: str, comment: str = ""
) -> Template:
    """Add a template, and its picture as an object; ``Exhausted("template.quota")``."""
    tx.tasks.alone(bucket.sub_app_id)
    existing = tx.tasks.templates(bucket.sub_app_id, _KIND)
    if len(existing) >= TEMPLATE.quota:
        raise Exhausted("template.quota", f"application {bucket.sub_app_id} has all its watermarks in use")
    place(tx.storage, bucket, adopted, now)
    last = max((template.definition for template in existing), default=FIRST_CUSTOM_DEFINITION)
    template = Template(_KIND, last + 1, body, name, comment, created_at=now, updated_at=now)
    tx.tasks.put_template(bucket.sub_app_id, template)
    return template


def _known(tx: FlowTx, sub_app_id: int, definition: int) -> Template:
    found = tx.tasks.template(sub_app_id, _KIND, definition)
    if found is None:
        raise NotFound("template.unknown", f"application {sub_app_id} has no watermark template {definition}")
    return found


def _check_same_type(body: WatermarkTemplate, changes: Mapping[str, Any]) -> None:
    for member in ("Image", "Text", "Svg"):
        if changes.get(f"{member}Template") and member.lower() != body.type:
            raise Invalid(
                "template.field", f"{member}Template does not belong to a watermark of type {body.type}; its type stays"
            )


def _remove_picture(tables: StorageTables, template: Template) -> None:
    image = template.body.image_template
    bucket = tables.bucket_by_short_name(image.image_key.partition("/")[0]) if image else None
    if image and bucket:
        remove_object(tables, bucket.name, image.image_key)


class WatermarkService:
    """Stores watermark pictures from local files, for the administrator.

    ``check_image`` returns the extension of a usable picture or raises ``Failure``.
    """

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
        """Store picture and template in one transaction; ``ImageTemplate`` has the picture's members.

        Raises ``Invalid("template.image")`` for an unusable picture.
        """
        try:
            suffix = self._check_image(image_path)
        except Failure as failure:
            raise Invalid("template.image", failure.message, field="ImageContent") from failure
        key = picture_key(bucket, self._entropy, suffix)
        body = read_body(_KIND, {**plain, "ImageTemplate": {**plain.get("ImageTemplate", {}), "ImageKey": key}})
        adopted = await self._outputs.adopt([OutputFile(key, image_path, {"Content-Type": picture_type(suffix)})])
        try:
            return await self._uow.write(lambda tx: store_watermark(tx, bucket, body, adopted, self._clock.now(), name))
        except BaseException:
            await self._outputs.discard(adopted)
            raise
