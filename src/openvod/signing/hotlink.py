"""Who may play: referers, addresses and signed links (``procedures-and-api.md`` 10), as pure decisions."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from openvod.base.errors import Denied

GRACE_SECONDS = 300
_USUAL_LENGTH = 10
#: In the order in which their texts are joined and in which links carry them.
_PARAMETERS = ("t", "exper", "rlimit", "us", "whref", "bkref", "whreg", "bkreg")
_FORMS = {
    "t": re.compile(r"[0-9a-f]{8}"),
    "exper": re.compile(r"0|[1-9][0-9]{0,6}"),
    "rlimit": re.compile(r"[0-9]"),
    "us": re.compile(r"[A-Za-z0-9]{1,64}"),
}
#: Present in a link they narrow what it opens; what cannot be enforced must not be passed over.
_NARROWING = ("exper", "rlimit", "whref", "bkref", "whreg", "bkreg")


@dataclass(frozen=True)
class SignedLink:
    """The parameters of a signed link, in wire order, ``sign`` left out."""

    parameters: tuple[tuple[str, str], ...]

    def query(self, key: str, directory: str) -> str:
        """Return the query that opens another directory until the same moment."""
        return urlencode([*self.parameters, ("sign", link_digest(key, directory, dict(self.parameters)))])


def link_digest(key: str, directory: str, parameters: Mapping[str, str]) -> str:
    """Return ``sign``. ``directory`` is the URL path from its first to its last slash, both included."""
    joined = "".join(parameters.get(name, "") for name in _PARAMETERS)
    return hashlib.md5(f"{key}{directory}{joined}".encode(), usedforsecurity=False).hexdigest()


def check_link(key: str, path: str, query: Sequence[tuple[str, str]], now: float) -> SignedLink:
    """Check a link's ``sign``; raises ``Denied("hotlink.unsigned" | "hotlink.signature" | "hotlink.expired" | …)``.

    ``path`` is percent-encoded as in the URL. ``exper`` and the other narrowing parameters must be absent or 0.
    """
    given = [(name, value) for name, value in query if name in _PARAMETERS or name == "sign"]
    parameters = dict(given)
    if len(parameters) != len(given):
        raise Denied("hotlink.signature", "a parameter of the link stands twice in it")
    sign = parameters.pop("sign", "")
    if not sign or "t" not in parameters:
        raise Denied("hotlink.unsigned", "this address must be signed: t and sign are missing")
    directory = path[: path.rfind("/") + 1]
    if not hmac.compare_digest(link_digest(key, directory, parameters).encode(), sign.encode()):
        raise Denied("hotlink.signature", "the link's signature is wrong")
    for name, form in _FORMS.items():
        if name in parameters and not form.fullmatch(parameters[name]):
            raise Denied("hotlink.signature", f"parameter {name} of the link is malformed")
    if not _is_plain(parameters.get("us", "")):
        raise Denied(
            "hotlink.ambiguous", "us must have 10 characters or begin with a letter: its digits could be another limit"
        )
    if int(parameters["t"], 16) + GRACE_SECONDS < now:
        raise Denied("hotlink.expired", "the link has expired; ask the app for a new one")
    for name in _NARROWING:
        if parameters.get(name, "0") not in ("", "0"):
            raise Denied("hotlink.narrowed", f"links with {name} are not served by this release")
    return SignedLink(tuple((name, parameters[name]) for name in _PARAMETERS if name in parameters))


def _is_plain(us: str) -> bool:
    """Tell whether ``us`` can be nothing else.

    The digest joins texts without a mark between them: whoever holds a link with ``exper=300&us=x`` could present
    ``us=300x`` with the same digest and no limit. The original's own ``us`` has ten characters.
    """
    return not us or len(us) == _USUAL_LENGTH or us[0].isalpha()


def check_referer(referer: str, entries: Sequence[str], *, allow_listed: bool, blank_allowed: bool) -> None:
    """Raise ``Denied("hotlink.referer")`` unless a page may show media.

    An entry matches the referer after its scheme up to a boundary: ``a.com`` is ``a.com`` and ``a.com/page``, not
    ``a.com.cn``; ``*.a.com`` is every host below it.
    """
    if not referer:
        if not blank_allowed:
            raise Denied("hotlink.referer", "requests without a Referer are not served")
        return
    rest = referer.partition("://")[2].lower() or referer.lower()
    # What stands before an @ is no host.
    rest = rest.rpartition("@")[2] if "@" in rest.partition("/")[0] else rest
    if any(_matches(rest, entry.lower()) for entry in entries) != allow_listed:
        raise Denied("hotlink.referer", "this page may not show the media")


def _matches(rest: str, entry: str) -> bool:
    if entry.startswith("*."):
        host = re.split(r"[/?#:]", rest, maxsplit=1)[0]
        return host.endswith(entry[1:]) and len(host) > len(entry) - 1
    return rest.startswith(entry) and (
        entry.endswith("/") or rest[len(entry) : len(entry) + 1] in ("", "/", "?", "#", ":")
    )


def check_address(address: str, networks: Sequence[str], *, allow_listed: bool) -> None:
    """Raise ``Denied("hotlink.address")`` unless media may be played from an address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        listed = False
    else:
        mapped = getattr(found, "ipv4_mapped", None) or found
        listed = any(mapped in ipaddress.ip_network(network, strict=False) for network in networks)
    if listed != allow_listed:
        raise Denied("hotlink.address", "media is not served to this address")
