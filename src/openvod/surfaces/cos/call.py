"""An authenticated storage request."""

from __future__ import annotations

from dataclasses import dataclass

from openvod.base.errors import Denied, Invalid
from openvod.server.wire import WireRequest
from openvod.signing.sigv4 import ChunkSigner
from openvod.signing.storage_token import StorageGrant
from openvod.storage.model import SessionRef
from openvod.surfaces.cos import codec
from openvod.surfaces.cos.operations import Wanted


@dataclass(frozen=True)
class Call:
    """An authenticated request: where it points and what its credential grants."""

    request: WireRequest
    bucket: str
    key: str
    grant: StorageGrant
    wanted: Wanted
    #: Checks the pieces of a streamed body, in the S3 dialect.
    signer: ChunkSigner | None = None

    @property
    def session(self) -> SessionRef:
        """The upload session that the credential belongs to."""
        return SessionRef(self.grant.file_id, self.grant.session)

    @property
    def stored_headers(self) -> dict[str, str]:
        """What becomes the object's own headers."""
        return codec.stored_headers(self.key, {**self._headers, **self.wanted.metadata})

    @property
    def _headers(self) -> dict[str, str]:
        """What was sent, without what only describes how the body travels."""
        headers = dict(self.request.headers)
        codings = [each.strip() for each in headers.get("content-encoding", "").split(",")]
        headers["content-encoding"] = ",".join(each for each in codings if each and each != "aws-chunked")
        return headers

    @property
    def may_overwrite(self) -> bool:
        """Return whether an object of that key may be replaced."""
        return not (self.wants_absence or self.wanted.options.get("forbid-overwrite", "").lower() == "true")

    @property
    def wants_absence(self) -> bool:
        """Return whether the request has HTTP's condition that the key is free (``If-None-Match: *``)."""
        return bool(self.request.headers.get("if-none-match", "").strip())

    @property
    def covers(self) -> str:
        """Say what the credential is good for."""
        return f"it is good for {' and '.join(self.grant.resources)}; apply for an upload to get another"

    @property
    def upload_id(self) -> str:
        """The multipart upload that is meant."""
        return self.request.argument("uploadId") or ""

    def require_prefix(self) -> str:
        """Return the prefix of a list, checked against the grant."""
        prefix = self.request.argument("prefix") or ""
        if not self.grant.allows_prefix(prefix):
            raise Denied("cos.AccessDenied", f"the credential does not cover the prefix {prefix!r}; {self.covers}")
        return prefix

    def number(self, name: str, default: int | None = None) -> int:
        """Return a whole number of the query; ``Invalid("cos.InvalidArgument")``."""
        text = self.request.argument(name)
        if default is not None and not text:
            return default
        if not text:
            raise Invalid("cos.InvalidArgument", f"{name} is missing; send it as a whole number")
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise Invalid("cos.InvalidArgument", f"{name} {text[:20]!r} must be a whole number")
        return int(text)

    @property
    def url_encoded(self) -> bool:
        """Return whether keys are wanted percent-encoded."""
        return self.request.argument("encoding-type") == "url"

    def require_key(self) -> str:
        """Return the key, checked against its rules and the grant."""
        codec.check_key(self.key)
        if not self.grant.allows_key(self.key):
            raise Denied("cos.AccessDenied", f"the credential does not cover the key {self.key!r}; {self.covers}")
        return self.key
