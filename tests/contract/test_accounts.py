"""Accounts, figures and the review queue behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openvod.access.account_model import AccessToken, Role, User
from openvod.access.accounts import INVITE_SECONDS, AccountService, digest_of
from openvod.access.sessions import SessionLimits, SessionService
from openvod.access.throttle import TRIES_OF_A_USER, TRIES_OF_AN_ADDRESS, WINDOW_SECONDS, Tries
from openvod.adapters.passwords import Argon2Passwords
from openvod.adapters.sql.database import Database, Transaction
from openvod.adapters.system import SystemEntropy
from openvod.base.errors import OpenVodError
from openvod.events.model import EventState, NewEvent
from openvod.kinds.registry import SubTaskKind
from openvod.media.figures import DAY_SECONDS, Progress, Uploads
from openvod.media.model import MediaAsset, MediaOutput, ProbeState
from openvod.media.review_queue import ReviewDecision
from openvod.tasks.model import NotifyMode, Procedure, SubTask, SubTaskStatus, Task, TaskStatus, TaskType
from support.events import ManualClock
from support.server import run_async

_IDLE, _TOTAL = 1000.0, 5000.0
_USER = User("anna", Role.OPERATOR, "", True, 1.0)
_ASSET = MediaAsset(
    "1", 7, "n", "mp4", 0, "b", "ap-chongqing", "k/12345678f/x.mp4", "", 10, "", 2.0, 2.0, "", ProbeState.PENDING, {}
)
_TASK = Task(
    "t", 7, TaskType.PROCEDURE, "1", TaskStatus.PROCESSING, Procedure(name="p"), 0, NotifyMode.FINISH, "", "", 5.0
)


@pytest.fixture
def clock() -> ManualClock:
    """A clock that the test moves."""
    return ManualClock(10_000.0)


def _sessions(database: Database, clock: ManualClock) -> SessionService:
    return SessionService(database, Argon2Passwords(), clock, SystemEntropy(), SessionLimits(_IDLE, _TOTAL))


def _code(call: object) -> str:
    with pytest.raises(OpenVodError) as caught:
        run_async(call)  # type: ignore[arg-type]  # any coroutine
    return caught.value.code


def test_sessions_end(database: Database, clock: ManualClock) -> None:
    """A session ends when it is not used, and in the end however it is used; then its row goes."""
    run_async(database.write(lambda tx: tx.accounts.put_user(_USER)))
    sessions = _sessions(database, clock)
    idle, _ = run_async(sessions.open(_USER, "1.2.3.4"))
    used, identity = run_async(sessions.open(_USER, "1.2.3.4"))
    started = clock.now()
    while clock.now() < started + _TOTAL - _IDLE / 2:
        assert run_async(sessions.by_session(used)).user == "anna"
        assert run_async(sessions.still_holds(identity))
        clock.moment += _IDLE * 0.9
    assert _code(sessions.by_session(idle)) == "account.session"
    clock.moment = started + _TOTAL
    assert _code(sessions.by_session(used)) == "account.session"
    assert not run_async(sessions.still_holds(identity))
    assert run_async(sessions.forget_expired()) == 2


def test_invitations_and_tokens_end(database: Database, clock: ManualClock) -> None:
    """An invitation is worthless after a day, a token after its seconds."""
    accounts = AccountService(database, Argon2Passwords(), clock, SystemEntropy())
    sessions = _sessions(database, clock)
    secret, _ = run_async(accounts.invite(Role.VIEWER, by="test"))
    run_async(database.write(lambda tx: tx.accounts.put_user(_USER)))
    _, identity = run_async(sessions.open(_USER, ""))
    token, made = run_async(accounts.create_token(identity, "", Role.OPERATOR, 100.0))
    assert run_async(sessions.by_token(token)).role is Role.OPERATOR
    clock.moment += 100.0
    assert _code(sessions.by_token(token)) == "account.token_unknown"
    clock.moment += INVITE_SECONDS
    assert _code(accounts.accept(secret, "berta", "a long enough password")) == "account.invite"
    assert made.digest == digest_of(token) != token


def test_tokens_shrink_with_their_user(database: Database, clock: ManualClock) -> None:
    """A token never may more than its user may now."""
    token = AccessToken("id", digest_of("ovt_x"), "anna", "", Role.OPERATOR, 1.0, None)

    def work(tx: Transaction) -> None:
        tx.accounts.put_user(replace(_USER, role=Role.VIEWER))
        tx.accounts.put_token(token)

    run_async(database.write(work))
    assert run_async(_sessions(database, clock).by_token("ovt_x")).role is Role.VIEWER
    assert run_async(database.read(lambda tx: tx.accounts.tokens("anna"))) == [token]


def test_tries_of_an_address(clock: ManualClock) -> None:
    """One address tries so many names and no more, until the window is over."""
    tries = Tries(clock)
    for number in range(TRIES_OF_AN_ADDRESS):
        tries.check(f"user {number}", "1.2.3.4")
        tries.begin(f"user {number}", "1.2.3.4")
    with pytest.raises(OpenVodError, match="wait"):
        tries.check("another", "1.2.3.4")
    tries.check("another", "5.6.7.8")
    clock.moment += WINDOW_SECONDS
    tries.check("another", "1.2.3.4")


def test_wrong_tries_cost_who_made_them(clock: ManualClock) -> None:
    """A stranger who tries a user's name is stopped, IPv6 neighbours with it; the user, elsewhere, signs in."""
    tries = Tries(clock)
    for address in ("2001:db8::1", "2001:db8::ffff:2"):
        for _ in range(TRIES_OF_A_USER // 2):
            tries.begin("anna", address)
    for stranger in ("2001:db8::1", "2001:db8:0:0:9::"):
        with pytest.raises(OpenVodError, match="wait"):
            tries.check("anna", stranger)
    tries.check("anna", "2001:db8:0:1::1")
    tries.check("anna", "192.0.2.1")
    tries.check("berta", "2001:db8::1")


def test_figures(database: Database) -> None:
    """Days, totals, open tasks, failures and progress are those of the application asked for."""
    day = 20_000

    def work(tx: Transaction) -> None:
        for number, (moment, app) in enumerate([(0.0, 7), (86_399.9, 7), (86_400.0, 7), (0.0, 8), (-0.1, 7)]):
            created = day * DAY_SECONDS + moment
            tx.media.put_asset(replace(_ASSET, file_id=str(number), sub_app_id=app, created_at=created))
        tx.tasks.put_task(_TASK)
        tx.tasks.put_task(replace(_TASK, task_id="w", status=TaskStatus.WAITING))
        tx.tasks.put_task(replace(_TASK, task_id="o", sub_app_id=8))
        item = SubTask("t", 0, SubTaskKind.TRANSCODE, {"Definition": 10}, SubTaskStatus.PROCESSING, progress=30)
        tx.tasks.put_subtask(item)
        failed = replace(item, number=1, status=SubTaskStatus.FAIL, finished_at=50.0)
        tx.tasks.put_subtask(failed)
        tx.tasks.put_subtask(replace(failed, task_id="o"))

    run_async(database.write(work))

    def read(tx: Transaction) -> None:
        figures = tx.figures
        assert figures.uploads(7, float(day * DAY_SECONDS)) == [Uploads(day, 2, 20), Uploads(day + 1, 1, 10)]
        assert figures.totals(7) == (4, 40)
        assert figures.totals(9) == (0, 0)
        assert figures.open_tasks(7) == {TaskStatus.WAITING: 1, TaskStatus.PROCESSING: 1}
        assert (figures.failures(7, 50.0), figures.failures(7, 50.1)) == (1, 0)
        assert figures.progress(["t", "w"]) == {"t": Progress(65, 2, 1, 1)}
        assert [task.task_id for task in figures.running(7, 10)] == ["t"]
        assert figures.dead_letters(7) == 0

    run_async(database.read(read))


def test_the_review_queue(database: Database) -> None:
    """Files that a review asks about wait until a person decides, and again when they are reviewed anew."""

    def store(tx: Transaction) -> None:
        for number, review in enumerate(["block", "review", "pass", "", "block"]):
            app = 8 if number == 4 else 7
            asset = replace(_ASSET, file_id=str(number), sub_app_id=app, review=review, created_at=float(number))
            tx.media.put_asset(asset)
            tx.media.put_output(MediaOutput(asset.file_id, "Porn", 10, {}, 100.0))

    run_async(database.write(store))

    def waiting(after: tuple[float, str] | None = None) -> list[str]:
        found = run_async(database.read(lambda tx: tx.reviews.waiting(7, after, 10)))
        return [asset.file_id for asset in found]

    assert waiting() == ["1", "0"]
    assert waiting((1.0, "1")) == ["0"]
    decision = ReviewDecision("0", 150.0, 7, True, "anna", "")
    run_async(database.write(lambda tx: tx.reviews.put_decision(decision)))
    assert waiting() == ["1"]
    assert run_async(database.read(lambda tx: (tx.figures.waiting_reviews(7), tx.reviews.decisions("0")))) == (
        1,
        [decision],
    )
    again = MediaOutput("0", "ReviewAudioVideo", 10, {}, 200.0)
    run_async(database.write(lambda tx: tx.media.put_output(again)))
    assert waiting() == ["1", "0"]


def test_the_log_from_its_end(database: Database) -> None:
    """The newest events come first; held ones are not in the log."""

    def store(tx: Transaction) -> None:
        for number in range(4):
            kind = "a" if number % 2 else "b"
            tx.events.add(NewEvent(7, kind, str(number), "{}", EventState.PENDING, float(number)))
        tx.events.add(NewEvent(7, "a", "held", "", EventState.HELD, 9.0))
        tx.events.add(NewEvent(8, "a", "other", "{}", EventState.PENDING, 9.0))

    run_async(database.write(store))

    def read(tx: Transaction) -> list[list[str]]:
        asked = (
            tx.events.newest(7, 0, 10),
            tx.events.newest(7, 3, 1),
            tx.events.newest(7, 0, 10, type="a"),
            tx.events.newest(7, 0, 10, subject="2"),
        )
        return [[event.subject for event in found] for found in asked]

    assert run_async(database.read(read)) == [["3", "2", "1", "0"], ["1"], ["3", "1"], ["2"]]
