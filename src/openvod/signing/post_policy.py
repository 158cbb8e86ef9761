"""Policies of POST Object (``cos-storage.md`` 4.9): what a form that somebody signed may say."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openvod.base.errors import Denied, Invalid
from openvod.base.text import decoded, json_object

_RANGE = "content-length-range"


@dataclass(frozen=True)
class PostPolicy:
    """A decoded policy; ``text`` is what was signed, ``expires_at`` Unix seconds."""

    text: str
    expires_at: float
    conditions: tuple[Any, ...]

    @property
    def size_range(self) -> tuple[int, int] | None:
        """Smallest and largest size of the file, in bytes, where the policy says so."""
        ranges = [each for each in self.conditions if isinstance(each, list) and each[0] == _RANGE]
        return (max(each[1] for each in ranges), min(each[2] for each in ranges)) if ranges else None

    def check(self, fields: Mapping[str, str], now: float) -> None:
        """Compare a form, whose names are lower-case; raises ``Denied``."""
        if now >= self.expires_at:
            raise Denied("cos.request_expired", "Request has expired")
        for each in self.conditions:
            for name, how, wanted in _comparisons(each):
                given = fields.get(name, "")
                if not (given == wanted if how == "eq" else given.startswith(wanted)):
                    raise Denied(
                        "cos.AccessDenied", f"the policy does not allow field {name} of the form; send {wanted!r}"
                    )


def read_policy(encoded: str) -> PostPolicy:
    """Decode a policy; raises ``Invalid("cos.InvalidPolicyDocument")``."""
    try:
        text = decoded(base64.b64decode(encoded, validate=True), "policy")
        plain = json_object(text)
        expires = datetime.fromisoformat(str(plain["expiration"]).replace("Z", "+00:00"))
        conditions = tuple(plain["conditions"])
        for each in conditions:
            _check_form(each)
        return PostPolicy(text, expires.timestamp(), conditions)
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise Invalid(
            "cos.InvalidPolicyDocument", "policy must be the Base64 of JSON with expiration (ISO 8601) and conditions"
        ) from error


def _check_form(condition: Any) -> None:
    if isinstance(condition, dict):
        if not all(isinstance(value, str) for value in condition.values()):
            raise ValueError("a condition's value is no text")
        return
    kind, first, second = condition
    numbers = isinstance(first, int) and isinstance(second, int)
    texts = isinstance(first, str) and isinstance(second, str) and first.startswith("$")
    if not (kind == _RANGE and numbers) and not (kind in ("eq", "starts-with") and texts):
        raise ValueError("a condition is none of the three")


def _comparisons(condition: Any) -> list[tuple[str, str, str]]:
    if isinstance(condition, dict):
        return [(name.lower(), "eq", value) for name, value in condition.items()]
    kind, name, value = condition
    return [] if kind == _RANGE else [(name[1:].lower(), kind, value)]
