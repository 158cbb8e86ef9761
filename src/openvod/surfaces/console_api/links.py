"""Links to media under a domain's KEY: made for people who may not know the KEY, and judged when one does not open."""

from __future__ import annotations

import secrets
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from fastapi import APIRouter
from pydantic import AfterValidator, Field

from openvod.access.model import Domain
from openvod.base.errors import Denied, Invalid
from openvod.signing.hotlink import check_link, link_digest
from openvod.surfaces.console_api.guard import Operator
from openvod.surfaces.console_api.model import Json
from openvod.surfaces.console_api.services import ConsoleServices, Services
from openvod.surfaces.console_api.text_route import TextRoute

router = APIRouter(route_class=TextRoute, prefix="/api/v1", tags=["links"])
_LONGEST_SECONDS = 366 * 86_400
_SHORTEST_PREVIEW = 30
_US_BYTES = 5


def _previewable(seconds: int) -> int:
    """Previews are such that a link's digits have one reading (decision 23)."""
    if seconds and (seconds < _SHORTEST_PREVIEW or seconds % 10):
        raise ValueError(f"must be 0, or at least {_SHORTEST_PREVIEW} and a multiple of 10")
    return seconds


class LinkOrder(Json):
    """A link to make."""

    sub_app_id: int = 0
    url: str = Field(max_length=2048, description="Address of media, without a query.")
    seconds: int = Field(3600, ge=1, le=_LONGEST_SECONDS, description="How long it opens.")
    preview: Annotated[int, AfterValidator(_previewable)] = Field(
        0, ge=0, le=9_999_990, description="Seconds that may be played, 30 or more in tens; 0: all."
    )
    most_addresses: int = Field(0, ge=0, le=9, description="From how many addresses it may be used; 0: any number.")


class MadeLink(Json):
    """A link; ``signed`` is false where the domain asks for no signature."""

    url: str
    signed: bool


class LinkQuestion(Json):
    """A link to judge."""

    sub_app_id: int = 0
    url: str = Field(max_length=4096)


class LinkVerdict(Json):
    """Whether the KEY opens a link now; `code` and `message` say why not. Referers and addresses are not asked."""

    opens: bool
    code: str
    message: str
    expires_at: float | None
    preview: int
    most_addresses: int


@router.post("/links")
async def make_link(asked: LinkOrder, _: Operator, services: Services) -> MadeLink:
    """Sign a link with the KEY of its domain."""
    domain = await _domain_of(services, asked.sub_app_id, asked.url)
    if not domain.links.enabled:
        return MadeLink(url=asked.url, signed=False)
    parts = urlsplit(asked.url)
    given = {
        "t": f"{int(services.clock.now()) + asked.seconds:08x}",
        "exper": str(asked.preview or ""),
        "rlimit": str(asked.most_addresses or ""),
        "us": secrets.token_hex(_US_BYTES),
    }
    parameters = {name: value for name, value in given.items() if value}
    key, _backup = services.installation.distribution.link_keys(domain)
    digest = link_digest(key, parts.path[: parts.path.rfind("/") + 1], parameters)
    query = urlencode([*parse_qsl(parts.query), *parameters.items(), ("sign", digest)])
    return MadeLink(url=urlunsplit(parts._replace(query=query)), signed=True)


@router.post("/links/check")
async def judge_link(asked: LinkQuestion, _: Operator, services: Services) -> LinkVerdict:
    """Tell whether a link opens now, and why not."""
    domain = await _domain_of(services, asked.sub_app_id, asked.url)
    if not domain.links.enabled:
        return LinkVerdict(opens=True, code="", message="", expires_at=None, preview=0, most_addresses=0)
    keys = [key for key in services.installation.distribution.link_keys(domain) if key]
    parts = urlsplit(asked.url)
    try:
        link = check_link(keys, parts.path, parse_qsl(parts.query, keep_blank_values=True), services.clock.now())
    except Denied as error:
        return LinkVerdict(
            opens=False, code=error.code, message=error.message, expires_at=None, preview=0, most_addresses=0
        )
    return LinkVerdict(
        opens=True, code="", message="", expires_at=link.expires, preview=link.preview,
        most_addresses=link.most_addresses,
    )  # fmt: skip


async def _domain_of(services: ConsoleServices, sub_app_id: int, url: str) -> Domain:
    app_id = (await services.installation.access.application(sub_app_id)).sub_app_id
    try:
        host = urlsplit(url).hostname or ""
    except ValueError as error:
        raise Invalid("api.value", f"url: {error}", field="url") from error
    found = next((each for each in await services.installation.distribution.domains(app_id) if each.name == host), None)
    if found is None:
        raise Invalid("api.value", f"url: {host[:80]!r} is no domain of this application", field="url")
    return found
