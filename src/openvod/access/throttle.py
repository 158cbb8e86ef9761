"""Wrong tries of secrets, counted in this process."""

from __future__ import annotations

from collections import deque
from ipaddress import ip_address, ip_network

from openvod.base.errors import Exhausted
from openvod.base.ports import Clock

WINDOW_SECONDS = 900.0
#: Wrong tries within the window for one user from one address, and from one address in all, which may be an office.
#: There is no limit for a user from everywhere: it would let strangers lock the user out.
TRIES_OF_A_USER, TRIES_OF_AN_ADDRESS = 10, 50
#: Whoever has one IPv6 address has this many bits' worth of neighbours.
_IPV6_PREFIX = 64
_MOST_REMEMBERED = 10_000


class Tries:
    """Remembers when a secret was wrong, and refuses more tries than are allowed within a window."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wrong: dict[str, deque[float]] = {}

    def check(self, user: str, address: str) -> None:
        """Raise ``Exhausted("account.tries")`` when there were too many."""
        for name, most in _limits(user, address):
            times = self._recent(name)
            if len(times) >= most:
                wait = int(times[0] + WINDOW_SECONDS - self._clock.now()) + 1
                raise Exhausted(
                    "account.tries", f"too many wrong tries; wait {wait} s", field="password", retry_after=wait
                )

    def begin(self, user: str, address: str) -> None:
        """Count a try as wrong before its outcome is known, so that tries at once do not slip through together."""
        for name, _ in _limits(user, address):
            self._recent(name).append(self._clock.now())
        if len(self._wrong) > _MOST_REMEMBERED:
            since = self._clock.now() - WINDOW_SECONDS
            self._wrong = {name: times for name, times in self._wrong.items() if times and times[-1] > since}

    def succeeded(self, user: str, address: str) -> None:
        """Take back what was counted for the user from there, and this one try of the address."""
        (of_user, _), (of_address, _) = _limits(user, address)
        self._wrong.pop(of_user, None)
        if times := self._wrong.get(of_address):
            times.pop()

    def _recent(self, name: str) -> deque[float]:
        times = self._wrong.setdefault(name, deque())
        while times and times[0] <= self._clock.now() - WINDOW_SECONDS:
            times.popleft()
        return times


def _limits(user: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
    network = _network(address)
    return (f"user {user} from {network}", TRIES_OF_A_USER), (f"address {network}", TRIES_OF_AN_ADDRESS)


def _network(address: str) -> str:
    """Return what one caller controls: an IPv4 address, or the network of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, _IPV6_PREFIX), strict=False)) if parsed.version == 6 else address
