"""What the storage surface does, as a table: method, sub-resource, parameters, headers that promise something.

Both dialects ask with headers ``x-cos-…`` and ``x-amz-…`` (or the same names in a presigned query); here they are
*options*, named without their prefix. What stands in no row is not done, and a request for it changes nothing: it is
refused by its name, ``NotImplemented``; a wrong value of what is done is ``InvalidArgument``. Headers without a
vendor's prefix mean nothing unless HTTP or a vendor gave them a meaning (``_MEANINGFUL``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from openvod.base.errors import Invalid
from openvod.signing.cos import Pairs

Check = Callable[[str, str], None]

CHECKSUMS = ("crc32", "crc32c", "crc64nvme", "sha1", "sha256")
MIN_TRAFFIC_LIMIT, MAX_TRAFFIC_LIMIT = 819_200, 838_860_800
_PREFIXES = ("x-cos-", "x-amz-", "x-ci-")
_MANY = "meta-"
#: What SDKs say of themselves (``x-cos-sdk-retry``, ``x-cos-sdk-log-debug``); it asks for nothing.
_REMARKS = "sdk-"
#: Parameters that carry a signature, or that clients add for statistics.
_NEUTRAL = frozenset(
    ("sign", "q-sign-algorithm", "q-ak", "q-sign-time", "q-key-time", "q-header-list", "q-url-param-list",
     "q-signature", "x-id", "clientIP", "clientUA", "token")
)  # fmt: skip
_OVERRIDES = frozenset(
    f"response-{name}"
    for name in (
        "content-type",
        "content-language",
        "content-encoding",
        "content-disposition",
        "expires",
        "cache-control",
    )
)
_CONDITIONS = frozenset(("if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "range"))
#: Headers without a prefix that ask for something. A row must name those that it heeds.
_MEANINGFUL = _CONDITIONS | {
    "content-range", "content-digest", "repr-digest", "digest", "want-digest", "pic-operations", "tus-resumable",
    "upload-offset", "upload-length", "upload-complete", "upload-draft-interop-version",
}  # fmt: skip
_STORAGE_CLASSES = frozenset(
    ("STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "MAZ_STANDARD", "MAZ_STANDARD_IA", "MAZ_INTELLIGENT_TIERING",
     "ONEZONE_IA", "REDUCED_REDUNDANCY")
)  # fmt: skip
_SLOW_CLASSES = frozenset(("ARCHIVE", "DEEP_ARCHIVE", "MAZ_ARCHIVE", "GLACIER", "GLACIER_IR"))
_ACLS = ("private", "default", "bucket-owner-full-control")
_PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read", "bucket-owner-read", "aws-exec-read")
#: How to do here what a tool tried.
_HINTS = {
    "tus-resumable": "tus is not spoken here; upload in parts (PUT with partNumber and uploadId), which resumes too",
    "upload-offset": "resumable HTTP uploads are not spoken here; upload in parts (PUT with partNumber and uploadId)",
    "copy-source": "objects are not copied here; upload the bytes again",
    "delete": "an upload credential cannot delete objects; delete the media instead",
    "location": "every request names its region already",
    "server-side-encryption": "objects are not encrypted by the store; encrypt its disk",
}


class Operation(Enum):
    """What a storage request asks for."""

    PUT_OBJECT = auto()
    INITIATE = auto()
    UPLOAD_PART = auto()
    COMPLETE = auto()
    ABORT = auto()
    LIST_UPLOADS = auto()
    LIST_PARTS = auto()
    READ_OBJECT = auto()
    DELETE_OBJECT = auto()
    HEAD_BUCKET = auto()
    CREATE_BUCKET = auto()
    LOCATE_BUCKET = auto()
    LIST_OBJECTS = auto()
    LIST_OBJECTS_V2 = auto()


@dataclass(frozen=True)
class Rule:
    """One row. ``selects`` must be there, ``parameters`` may be; ``options`` and ``headers`` are heeded."""

    operation: Operation
    methods: tuple[str, ...]
    on_bucket: bool = False
    selects: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()
    options: Mapping[str, Check] = field(default_factory=dict)
    headers: Mapping[str, Check] = field(default_factory=dict)

    def check_of(self, option: str) -> Check | None:
        """Return what judges the values of an option, ``None`` for one that is not heeded."""
        name = _MANY if option.startswith(_MANY) else option
        return self.options.get(name) or _CREDENTIALS.get(name) or (_any if name.startswith(_REMARKS) else None)


@dataclass(frozen=True)
class Wanted:
    """An operation with its options, as texts that were checked; user metadata are options ``meta-…``."""

    operation: Operation
    options: Mapping[str, str]

    @property
    def traffic_limit(self) -> int | None:
        """Bits per second that the client asks not to exceed."""
        text = self.options.get("traffic-limit")
        return int(text) if text else None

    @property
    def metadata(self) -> dict[str, str]:
        """User metadata under their stored names."""
        return {f"x-cos-{name}": value for name, value in self.options.items() if name.startswith(_MANY)}


def _any(name: str, value: str) -> None:
    """Accept every value; the handler that reads it validates it."""


def _boolean(name: str, value: str) -> None:
    if value.lower() not in ("true", "false"):
        raise _wrong(name, value, "true or false")


def _traffic_limit(name: str, value: str) -> None:
    if not _is_number(value) or not MIN_TRAFFIC_LIMIT <= int(value) <= MAX_TRAFFIC_LIMIT:
        raise _wrong(name, value, f"{MIN_TRAFFIC_LIMIT} to {MAX_TRAFFIC_LIMIT} bits per second")


def _storage_class(name: str, value: str) -> None:
    if value.upper() in _SLOW_CLASSES:
        raise _not_offered(name, f"{value} is not offered: everything is readable at once; leave it out")
    if value.upper() not in _STORAGE_CLASSES:
        raise _wrong(name, value, "STANDARD")


def _acl(name: str, value: str) -> None:
    if value in _PUBLIC_ACLS:
        raise _not_offered(name, f"{value} is not offered: Commit publishes a file, nothing else does; leave it out")
    if value not in _ACLS:
        raise _wrong(name, value, f"one of {', '.join(_ACLS)}")


def _only_star(name: str, value: str) -> None:
    if value.strip() != "*":
        raise _not_offered(name, "only * is offered on writes")


def _number(name: str, value: str) -> None:
    if not _is_number(value):
        raise _wrong(name, value, "a whole number")


def _checksum_algorithm(name: str, value: str) -> None:
    if value.lower() not in CHECKSUMS:
        raise _not_offered(name, f"offered are {', '.join(CHECKSUMS).upper()}; leave it out or choose one")


def _trailer(name: str, value: str) -> None:
    if any(each.strip().lower().removeprefix("x-amz-checksum-") not in CHECKSUMS for each in value.split(",")):
        raise _not_offered(name, "trailers are checksums; leave it out or choose one")


_CREDENTIALS: Mapping[str, Check] = dict.fromkeys(
    ("security-token", "date", "content-sha256", "user-agent", "algorithm", "credential", "expires",
     "signedheaders", "signature"), _any
)  # fmt: skip
_CHECKSUMS: Mapping[str, Check] = {
    **dict.fromkeys((f"checksum-{name}" for name in CHECKSUMS), _any),
    "sdk-checksum-algorithm": _checksum_algorithm,
    "trailer": _trailer,
    "decoded-content-length": _number,
}
_OF_CHECKSUMS: Mapping[str, Check] = {"checksum-algorithm": _checksum_algorithm, "checksum-type": _any}
_OF_OBJECTS: Mapping[str, Check] = {"storage-class": _storage_class, "acl": _acl, _MANY: _any}
_UNLESS_THERE: Mapping[str, Check] = {"forbid-overwrite": _boolean}
_PACED: Mapping[str, Check] = {"traffic-limit": _traffic_limit}
_IF_ABSENT: Mapping[str, Check] = {"if-none-match": _only_star}
_READ_IF: Mapping[str, Check] = dict.fromkeys(_CONDITIONS, _any)
_PAGES = frozenset(("prefix", "delimiter", "encoding-type"))

_RULES = (
    Rule(
        Operation.PUT_OBJECT, ("PUT",),
        options={**_OF_OBJECTS, **_UNLESS_THERE, **_PACED, **_CHECKSUMS}, headers=_IF_ABSENT,
    ),
    Rule(
        Operation.UPLOAD_PART, ("PUT",), selects=frozenset(("uploadId",)), parameters=frozenset(("partNumber",)),
        options={**_PACED, **_CHECKSUMS},
    ),
    Rule(
        Operation.INITIATE, ("POST",), selects=frozenset(("uploads",)),
        options={**_OF_OBJECTS, **_UNLESS_THERE, **_OF_CHECKSUMS},
    ),
    # Some clients repeat here what belongs to Initiate.
    Rule(
        Operation.COMPLETE, ("POST",), selects=frozenset(("uploadId",)),
        options={**_UNLESS_THERE, "sdk-checksum-algorithm": _checksum_algorithm, "checksum-type": _any, _MANY: _any},
        headers=_IF_ABSENT,
    ),
    Rule(Operation.ABORT, ("DELETE",), selects=frozenset(("uploadId",))),
    Rule(
        Operation.LIST_UPLOADS, ("GET",), on_bucket=True, selects=frozenset(("uploads",)),
        parameters=_PAGES | {"key-marker", "upload-id-marker", "max-uploads"},
    ),
    Rule(
        Operation.LIST_PARTS, ("GET",), selects=frozenset(("uploadId",)),
        parameters=frozenset(("part-number-marker", "max-parts", "encoding-type")),
    ),
    Rule(
        Operation.READ_OBJECT, ("GET", "HEAD"), parameters=_OVERRIDES, options={**_PACED, "checksum-mode": _any},
        headers=_READ_IF,
    ),
    Rule(Operation.DELETE_OBJECT, ("DELETE",)),
    Rule(Operation.HEAD_BUCKET, ("HEAD",), on_bucket=True),
    Rule(Operation.CREATE_BUCKET, ("PUT",), on_bucket=True, options={"acl": _acl}),
    Rule(Operation.LOCATE_BUCKET, ("GET",), on_bucket=True, selects=frozenset(("location",))),
    Rule(Operation.LIST_OBJECTS, ("GET",), on_bucket=True, parameters=_PAGES | {"marker", "max-keys"}),
    Rule(
        Operation.LIST_OBJECTS_V2, ("GET",), on_bucket=True, selects=frozenset(("list-type",)),
        parameters=_PAGES | {"continuation-token", "start-after", "max-keys", "fetch-owner"},
    ),
)  # fmt: skip


def wanted(method: str, key: str, query: Pairs, headers: Mapping[str, str]) -> Wanted:
    """Find the row of a request and read its options.

    Raises ``Invalid`` with ``cos.NotImplemented``, ``cos.MethodNotAllowed``, or ``cos.InvalidArgument``.
    """
    options = _options(query, headers)
    names = {name for name, _ in query if name not in _NEUTRAL and _option(name) is None}
    rule = _rule(method, not key, names)
    for name in sorted(names - rule.selects - rule.parameters):
        raise _not_offered(name)
    for name, (sent, value) in options.items():
        check = rule.check_of(name)
        if check is None:
            raise _not_offered(sent)
        check(sent, value)
    for name in sorted(_MEANINGFUL.intersection(headers)):
        if not headers[name].strip():
            continue
        if name not in rule.headers:
            raise _not_offered(name)
        rule.headers[name](name, headers[name])
    return Wanted(rule.operation, {name: value for name, (_, value) in options.items()})


def _rule(method: str, on_bucket: bool, names: set[str]) -> Rule:
    """Return the row that fits best: the one that selects most of what is there."""
    found = [rule for rule in _RULES if method in rule.methods and rule.on_bucket == on_bucket]
    if not found:
        what = "a bucket" if on_bucket else "an object"
        raise Invalid("cos.MethodNotAllowed", f"{method} of {what} is not offered here")
    fitting = [rule for rule in found if rule.selects <= names]
    if not fitting:
        raise _not_offered(min(names, default=method))
    return max(fitting, key=lambda rule: len(rule.selects))


def _options(query: Pairs, headers: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return options with the names and values that were sent; empty ones are absent."""
    sent = [*((name.lower(), value) for name, value in query), *headers.items()]
    named = [(_option(name), name, value.strip()) for name, value in sent]
    return {option: (name, value) for option, name, value in named if option and value}


def _option(name: str) -> str | None:
    lowered = name.lower()
    if not lowered.startswith("x-"):
        return None
    return next((lowered.removeprefix(p) for p in _PREFIXES if lowered.startswith(p)), None)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _wrong(name: str, value: str, right: str) -> Invalid:
    return Invalid("cos.InvalidArgument", f"{name} {value[:40]!r} must be {right}")


def _not_offered(name: str, why: str = "") -> Invalid:
    hint = why or next((text for known, text in _HINTS.items() if name.endswith(known)), "leave it out")
    return Invalid("cos.NotImplemented", f"{name[:60]!r} is not offered here: {hint}; nothing was changed")
