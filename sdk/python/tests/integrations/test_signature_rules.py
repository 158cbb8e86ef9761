"""Who gets a signature, for what and how often: rate, permission rule, size."""

from __future__ import annotations

from typing import Any

import pytest

from openvod_sdk.integrations import Identity, RateLimit, Refused
from support.back_end import service, signed


def test_rate_limit() -> None:
    """Each user has an own sliding hour; a refused request does not count."""
    now = [0.0]
    limit = RateLimit(2, clock=lambda: now[0])
    limit.take("alice")
    now[0] = 1800.0
    limit.take("alice")
    with pytest.raises(Refused, match="1801 s") as caught:
        limit.take("alice")
    assert (caught.value.status, caught.value.code) == (429, 42901)
    limit.take("bob")
    now[0] = 3600.0
    limit.take("alice")
    with pytest.raises(Refused):
        limit.take("alice")


def test_permission_rule() -> None:
    """The app's rule sees who asks and for what, chooses the permission, and may refuse."""

    def permit(identity: Identity, source_context: str) -> dict[str, Any]:
        if source_context == "forbidden":
            raise Refused(403, 40304, "not this one")
        return {"class_id": 9, "procedure": f"for-{identity.user_id}"}

    issuing = service(permit=permit, expire=60, one_time=True)
    values = signed(issuing.issue("sesame", "ok").signature)
    assert (values["classId"], values["procedure"], values["oneTimeValid"]) == ("9", "for-alice", "1")
    assert int(values["expireTime"]) - int(values["currentTimeStamp"]) == 60
    with pytest.raises(Refused) as caught:
        issuing.issue("sesame", "forbidden")
    assert (caught.value.status, caught.value.code) == (403, 40304)


def test_refused_requests_do_not_use_up_the_rate() -> None:
    """Who is refused by rule or size keeps the hour's signatures."""
    issuing = service(rate_limit=RateLimit(1), max_size=10)
    with pytest.raises(Refused, match="at most 10"):
        issuing.issue("sesame", announced_size=11)
    assert issuing.issue("sesame").signature
    with pytest.raises(Refused, match="an hour"):
        issuing.issue("sesame")
