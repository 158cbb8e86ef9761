"""Wrong tries of secrets, counted in this process."""

from __future__ import annotations

from collections import deque

from openvod.base.errors import Exhausted
from openvod.base.ports import Clock
from openvod.base.senders import sender_of

WINDOW_SECONDS = 900.0
#: Wrong tries within the window for one user from one address, and from one address in all, which may be an office.
#: No limit per user over all addresses: with one, anyone could lock a user out.
TRIES_OF_A_USER, TRIES_OF_AN_ADDRESS = 10, 50
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
    sender = sender_of(address)
    return (f"user {user} from {sender}", TRIES_OF_A_USER), (f"address {sender}", TRIES_OF_AN_ADDRESS)
