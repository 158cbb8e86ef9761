"""Who may play: referers, addresses and signed links (``procedures-and-api.md`` 10), as pure decisions."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from openvod.base.errors import Denied
from openvod.signing.addresses import is_inside

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
_SHORTEST_PREVIEW = 30
#: Their texts stand behind ``us`` in the digest with no mark between: one list can be read as the other kind.
_LISTS = ("whref", "bkref", "whreg", "bkreg")


@dataclass(frozen=True)
class SignedLink:
    """The parameters of a checked link, in wire order, ``sign`` left out, with the key that signed it."""

    parameters: tuple[tuple[str, str], ...]
    key: str

    @property
    def expires(self) -> int:
        """When it ends, in Unix seconds, grace included."""
        return int(dict(self.parameters)["t"], 16) + GRACE_SECONDS

    @property
    def preview(self) -> int:
        """Seconds that may be played; 0: all."""
        return int(dict(self.parameters).get("exper") or 0)

    @property
    def most_addresses(self) -> int:
        """From how many addresses it may be used; 0: any number."""
        return int(dict(self.parameters).get("rlimit") or 0)

    def query(self, directory: str) -> str:
        """Return the query that opens another directory under the same limits."""
        return urlencode([*self.parameters, ("sign", link_digest(self.key, directory, dict(self.parameters)))])


def link_digest(key: str, directory: str, parameters: Mapping[str, str]) -> str:
    """Return ``sign``. ``directory`` is the URL path from its first to its last slash, both included."""
    joined = "".join(parameters.get(name, "") for name in _PARAMETERS)
    return hashlib.md5(f"{key}{directory}{joined}".encode(), usedforsecurity=False).hexdigest()


def check_link(keys: Sequence[str], path: str, query: Sequence[tuple[str, str]], now: float) -> SignedLink:
    """Check a link's ``sign`` against a domain's keys.

    ``path`` is percent-encoded as in the URL. Raises ``Denied`` with ``hotlink.unsigned``, ``hotlink.signature``,
    ``hotlink.ambiguous``, ``hotlink.lists`` or ``hotlink.expired``.
    """
    given = [(name, value) for name, value in query if name in _PARAMETERS or name == "sign"]
    parameters = dict(given)
    if len(parameters) != len(given):
        raise Denied("hotlink.signature", "a parameter of the link stands twice in it")
    sign = parameters.pop("sign", "")
    if not sign or "t" not in parameters:
        raise Denied("hotlink.unsigned", "this address must be signed: t and sign are missing")
    directory = path[: path.rfind("/") + 1]
    key = next((each for each in keys if _is_signed(each, directory, parameters, sign)), None)
    if key is None:
        raise Denied("hotlink.signature", "the link's signature is wrong")
    _check_forms(parameters)
    _check_unambiguous(parameters)
    link = SignedLink(tuple((name, parameters[name]) for name in _PARAMETERS if name in parameters), key)
    if link.expires < now:
        raise Denied("hotlink.expired", "the link has expired; ask the app for a new one")
    return link


def _is_signed(key: str, directory: str, parameters: Mapping[str, str], sign: str) -> bool:
    return hmac.compare_digest(link_digest(key, directory, parameters).encode(), sign.encode())


def _check_forms(parameters: Mapping[str, str]) -> None:
    for name, form in _FORMS.items():
        if name in parameters and not form.fullmatch(parameters[name]):
            raise Denied("hotlink.signature", f"parameter {name} of the link is malformed")
    if any(name in parameters for name in _LISTS):
        raise Denied("hotlink.lists", f"links with {' or '.join(_LISTS)} are not served; use a play token's referer")


def _check_unambiguous(parameters: Mapping[str, str]) -> None:
    """Refuse what could be another, narrower link with the same digest.

    The digest joins texts without a mark between them: whoever holds ``exper=300&us=x`` could present ``us=300x`` and
    be rid of the limit. These rules leave one reading to every text, and pass the forms that the original's own pages
    show (decision record 23 has the argument, a test tries all readings).
    """
    preview, limit, us = (parameters.get(name, "") for name in ("exper", "rlimit", "us"))
    limited = preview not in ("", "0") or limit not in ("", "0")
    if us and len(us) != _USUAL_LENGTH and (limited or not us[0].isalpha()):
        raise _ambiguous("us must have 10 characters, or begin with a letter in a link without limits")
    if preview in ("", "0"):
        return
    if int(preview) < _SHORTEST_PREVIEW:
        raise _ambiguous(f"exper must be 0 or at least {_SHORTEST_PREVIEW}")
    if limit == "0":
        raise _ambiguous("leave rlimit out instead of sending 0 beside exper")
    if not limit and int(preview) // 10 >= _SHORTEST_PREVIEW and preview[-1] != "0":
        raise _ambiguous("an exper of three digits or more must end with 0 in a link without rlimit")


def _ambiguous(rule: str) -> Denied:
    return Denied("hotlink.ambiguous", f"{rule}: its digits could be another limit")


def check_referer(referer: str, entries: Sequence[str], *, allow_listed: bool, blank_allowed: bool) -> None:
    """Raise ``Denied("hotlink.referer")`` unless a page may show media.

    An entry matches the referer after its scheme up to a boundary: ``a.com`` is ``a.com`` and ``a.com/page``, not
    ``a.com.cn``; ``*.a.com`` is every host below it.
    """
    if not referer:
        if not blank_allowed:
            raise Denied("hotlink.referer", "requests without a Referer are not served")
        return
    rest = _after_scheme(referer)
    if any(_matches(rest, entry.lower()) for entry in entries) != allow_listed:
        raise Denied("hotlink.referer", "this page may not show the media")


def is_host_of(referer: str, host: str) -> bool:
    """Return whether a page stands on a host or below it."""
    found, wanted = re.split(r"[/?#:]", _after_scheme(referer), maxsplit=1)[0], host.lower()
    return found == wanted or found.endswith(f".{wanted}")


def _after_scheme(referer: str) -> str:
    rest = referer.partition("://")[2].lower() or referer.lower()
    # What stands before an @ is no host.
    return rest.rpartition("@")[2] if "@" in rest.partition("/")[0] else rest


def _matches(rest: str, entry: str) -> bool:
    if entry.startswith("*."):
        host = re.split(r"[/?#:]", rest, maxsplit=1)[0]
        return host.endswith(entry[1:]) and len(host) > len(entry) - 1
    return rest.startswith(entry) and (
        entry.endswith("/") or rest[len(entry) : len(entry) + 1] in ("", "/", "?", "#", ":")
    )


def check_address(address: str, networks: Sequence[str], *, allow_listed: bool) -> None:
    """Raise ``Denied("hotlink.address")`` unless media may be played from an address."""
    if is_inside(address, networks) != allow_listed:
        raise Denied("hotlink.address", "media is not served to this address")
