"""Runs one client through one scenario and judges by the platform's own facts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from clients.drivers.base import Driver, Job, Outcome, Run
from clients.scenarios import Content, Meddling, Scenario
from clients.stage import Stage
from support.faults.calls import Call, Harm

_HELD_SECONDS = 30.0
#: All of a credential's day but for less than the minute in which SDKs ask for the next one.
_MOST_OF_A_DAY = 86_400 - 30
#: The client that was uploading is no more.
_GONE = (Meddling.KILL_CLIENT, Meddling.KILL_BOTH, Meddling.RELOAD)
_SHIFTS = {Meddling.RENEW: _MOST_OF_A_DAY, Meddling.SET_CLOCK: 7200}

#: What stands behind a ``pass`` that is no plain success.
MARKS = {
    "2": "the client showed the network's error, and succeeded when its user tried once more",
    "r": "the client is refused, as it must be, where others succeed",
}


@dataclass(frozen=True)
class Played:
    """How a cell passed: its mark (see :data:`MARKS`); what a refused client showed, and bytes on disk of its file."""

    mark: str = ""
    shown: str = ""
    stored: int = 0


def play(stage: Stage, driver: Driver, scenario: Scenario, state: Path) -> Played:
    """Play a scenario.

    Raises ``AssertionError`` when the outcome or a fact is not what it must be.
    """
    stage.begin(scenario)
    driver.begin(stage)
    try:
        job = Job(
            media=stage.file(scenario.media) if scenario.media else None,
            cover=stage.file(scenario.cover) if scenario.cover else None,
            state=state,
            file_id="" if scenario.media else stage.upload_media(),
        )
        return _Play(stage, driver, scenario, job).run()
    finally:
        driver.end()
        if scenario.media and scenario.media.content is Content.SPARSE:
            stage.make_room()


class _Play:
    def __init__(self, stage: Stage, driver: Driver, scenario: Scenario, job: Job) -> None:
        self._stage = stage
        self._driver = driver
        self._scenario = scenario
        self._job = job
        self._runs = 0

    def run(self) -> Played:
        before = self._stage.stored_bytes()
        outcome = self._outcome()
        refusal = self._driver.refusal(self._scenario)
        if refusal:
            assert refusal in outcome.error, f"shown: {outcome!r}; calls: {self._stage.proxy.summary()}"
            assert not self._stage.new_assets()
            mark = "r" if self._scenario.refusal is None else ""
            return Played(mark, outcome.error, self._stage.stored_bytes() - before)
        # A user whose upload failed on the network presses the button once more.
        tried_again = bool(outcome.error and self._scenario.faults)
        if tried_again:
            outcome = self._start().wait(self._scenario.seconds)
        assert not outcome.error, f"shown: {outcome.error}; calls: {self._stage.proxy.summary()}"
        self._check_facts(outcome)
        self._driver.check(self._stage)
        if self._scenario.resumes:
            self._check_resumed()
        if self._scenario.meddling is Meddling.RENEW:
            asked = self._stage.proxy.count(Call.APPLY) + self._stage.app.asked["/credential"]
            assert asked > 1, "it did not ask for another credential"
        return Played("2" if tried_again else "")

    def _outcome(self) -> Outcome:
        run = self._start()
        try:
            meddling = self._scenario.meddling
            if meddling is not None:
                run = self._meddle(run, meddling)
            return run.wait(self._scenario.seconds)
        finally:
            run.close()

    def _start(self) -> Run:
        self._runs += 1
        return self._driver.start(self._stage, self._job)

    def _meddle(self, run: Run, meddling: Meddling) -> Run:
        """Wait for the middle of the upload and do it; return the run that goes on."""
        if meddling is Meddling.RESTART:
            self._restart_between_calls()
            return run
        proxy = self._stage.proxy
        proxy.wait_held(_HELD_SECONDS)
        self._wait(lambda: any(s.call is Call.PART and s.delivered for s in proxy.seen), "no part came through")
        self._do(run, meddling)
        proxy.release()
        if meddling is Meddling.RELOAD:
            run.tell("again")
        if meddling not in (Meddling.KILL_CLIENT, Meddling.KILL_BOTH, Meddling.CANCEL):
            return run
        if self._scenario.second:
            self._job = replace(self._job, media=self._stage.file(self._scenario.second))
        return self._start()

    def _do(self, run: Run, meddling: Meddling) -> None:
        stage = self._stage
        if meddling is Meddling.RELOAD:
            run.tell("reload")
        if meddling in (Meddling.KILL_CLIENT, Meddling.KILL_BOTH):
            run.kill()
        if meddling in _GONE:
            # Parts that are held now still arrive, as from a network's buffers, but nobody hears of them.
            stage.proxy.cut()
        if meddling in (Meddling.KILL_SERVER, Meddling.KILL_BOTH):
            stage.server.kill()
            stage.proxy.cut()
            stage.server.start()
        if meddling is Meddling.PAUSE:
            self._pause(run)
        if meddling is Meddling.CANCEL:
            self._cancel(run)
        if meddling in _SHIFTS:
            run.tell("shift", _SHIFTS[meddling])

    def _cancel(self, run: Run) -> None:
        run.tell("cancel")
        self._stage.proxy.release()
        time.sleep(0.5)
        assert not self._stage.proxy.count(Call.COMMIT), "cancelled, it went on"
        run.kill()

    def _pause(self, run: Run) -> None:
        run.tell("pause")
        self._stage.proxy.release()
        time.sleep(0.5)
        assert not self._stage.proxy.count(Call.COMPLETE), "paused, it went on"
        run.tell("proceed")

    def _restart_between_calls(self) -> None:
        stage = self._stage
        for _ in [f for f in self._scenario.faults if f"calls {f.call}" not in self._driver.lacks]:
            stage.proxy.wait_held(_HELD_SECONDS)
            stage.proxy.suspend()
            stage.server.stop()
            stage.proxy.cut(idle_only=True)
            stage.server.start()
            stage.proxy.proceed()
            stage.proxy.release()

    def _check_facts(self, outcome: Outcome) -> None:
        """The faults came to pass, the bytes are the file's, and there is exactly one file with exactly one event."""
        stage, job = self._stage, self._job
        for fault in self._scenario.faults:
            met = stage.proxy.count(fault.call) >= fault.nth or f"calls {fault.call}" in self._driver.lacks
            assert met, f"{fault} never happened; calls: {stage.proxy.summary()}"
        assert outcome.file_id
        if job.media:
            assert stage.same(outcome.media_url, job.media), f"{outcome.media_url} differs from {job.media}"
            assert stage.events(outcome.file_id) == 1
            if self._scenario.media and self._scenario.media.content is Content.PLAYLIST:
                assert stage.plays(outcome.media_url), "the playlist names segments that did not come along"
            made = stage.new_assets()
            assert outcome.file_id in made
            assert len(made) == 1 or self._may_have_made(len(made)), made
            assert made[outcome.file_id] == self._driver.display_name(job.media)
        else:
            assert outcome.file_id == job.file_id
            assert not stage.new_assets()
        if job.cover:
            assert stage.same(outcome.cover_url, job.cover), f"{outcome.cover_url} differs from {job.cover}"

    def _may_have_made(self, files: int) -> bool:
        """A lost answer to Commit that made the client give up leaves its file beside that of the second try."""
        lost = any(f.harm is Harm.LOSE_ANSWER and f.call is Call.COMMIT for f in self._scenario.faults)
        return lost and files <= self._runs

    def _check_resumed(self) -> None:
        """The second run went on with the first one's upload and sent no acknowledged part again."""
        seen = [s for s in self._stage.proxy.seen if s.status == 200 and s.delivered]
        opened = Counter(s.path for s in seen if s.call is Call.INITIATE)
        assert all(count == 1 for count in opened.values()), f"opened anew: {self._stage.proxy.summary()}"
        sent = Counter((s.path, s.arguments["partNumber"]) for s in seen if s.call is Call.PART)
        assert all(count == 1 for count in sent.values()), f"sent again: {self._stage.proxy.summary()}"

    def _wait(self, ready: Callable[[], bool], message: str) -> None:
        deadline = time.monotonic() + _HELD_SECONDS
        while not ready():
            assert time.monotonic() < deadline, message
            time.sleep(0.02)
