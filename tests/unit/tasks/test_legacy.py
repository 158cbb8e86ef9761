"""Legacy calls (``procedures-and-api.md`` 3.2, 3.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvod.base.errors import Invalid
from openvod.kinds.registry import MediaProcessTask
from openvod.tasks.legacy import call_name, legacy_procedure
from openvod.tasks.model import Procedure

KNOWN = (10, 20, 30, 40, 210, 220)
DEFAULTS = [10, 20, 30, 40]


def parts(text: str, watermark: int = 0) -> tuple[list[int], list[int], list[int], list[int], int]:
    """Return transcodes, watermarks of the first, covers, samples and the review of a call."""
    procedure = legacy_procedure(text, KNOWN, watermark)
    task = procedure.media_process_task or MediaProcessTask()
    marks = [mark.definition for mark in task.transcode_task_set[0].watermark_set] if task.transcode_task_set else []
    review = procedure.ai_content_review_task
    return (
        [item.definition for item in task.transcode_task_set],
        marks,
        [item.definition for item in task.cover_by_snapshot_task_set],
        [item.definition for item in task.sample_snapshot_task_set],
        review.definition if review else 0,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("QCVB_SimpleProcessFile()", ([], [], [], [], 0)),
        ("QCVB_SimpleProcessFile", ([], [], [], [], 0)),
        ("QCVB_SimpleProcessFile(1,1)", (DEFAULTS, [150], [], [], 0)),
        ("QCVB_SimpleProcessFile({10,20},150,10,10)", ([10, 20], [150], [10], [10], 0)),
        ("QCVB_SimpleProcessFile(0,0,10)", ([], [], [10], [], 0)),
        ("QCVB_SimpleProcessFile({30},0,10,10)", ([30], [], [10], [10], 0)),
        ("QCVB_SimpleProcessFile({1,1,1,1})", (DEFAULTS, [150], [10], [10], 0)),
        ("QCVB_SimpleProcessFile([210,220],nil)", ([210, 220], [], [], [], 0)),
        ("QCVB_SimpleProcessFile({210})", ([210], [], [], [], 0)),
        ("QCVB_SimpleProcessFile(20)", ([20], [], [], [], 0)),
        ("QCVB_SimpleProcessFile({1,20,99,20})", (DEFAULTS, [], [], [], 0)),
        (" QCVB_SimpleProcessFile ( { 10 , 20 , } , 0 ) ".strip(), ([10, 20], [], [], [], 0)),
        ("QCVB_ProcessUGCFile(0,0,0,10)", ([], [], [], [], 10)),
        ("QCVB_ProcessUGCFile(0,0,0,20)", ([], [], [], [], 20)),
        ("QCVB_ProcessUGCFile({10},0,10,20)", ([10], [], [10], [], 20)),
    ],
)
def test_reference_results(text: str, expected: object) -> None:
    """Every sample of the specification means what its table says; watermark 1 is the application's default (150)."""
    assert parts(text, 150) == expected


def test_review_ten_stops_and_twenty_goes_on() -> None:
    """Legacy porn review 10 ends the flow when it blocks, 20 does not; both look for porn alone."""
    stops = [legacy_procedure(f"QCVB_ProcessUGCFile(0,0,0,{n})", KNOWN).stop_on_block for n in (10, 20)]
    assert stops == [True, False]
    assert legacy_procedure("QCVB_ProcessUGCFile(0,0,0,20)", KNOWN).porn_only


def test_the_default_set_keeps_within_the_source() -> None:
    """Only the default set is limited to the source's size; ids that somebody chose are not."""
    assert legacy_procedure("QCVB_SimpleProcessFile(1)", KNOWN).within_source
    assert not legacy_procedure("QCVB_SimpleProcessFile({10,40})", KNOWN).within_source


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("QCVB_SimpleProcessFile(", "character 24"),
        ("QCVB_SimpleProcessFile(1,,2)", "','"),
        ("QCVB_SimpleProcessFile(1,)", "')'"),
        ("QCVB_SimpleProcessFile(1)x", "text after the call"),
        ("QCVB_SimpleProcessFile(1 2)", "','"),
        ("QCVB_SimpleProcessFile({{{{{1}}}}})", "nesting"),
        ("QCVB_SimpleProcessFile(1,2,3,4,5)", "5 arguments"),
        ("QCVB_SimpleProcessFile(true", "','"),
        ("QCVB_SimpleProcessFile({10]", "','"),
        ('QCVB_SimpleProcessFile("a\\)', "no argument"),
        ("QCVB_Other(1)", "does not exist"),
        ("x(1,,2)", "','"),
    ],
)
def test_malformed_calls_are_refused(text: str, words: str) -> None:
    """A call that does not follow the grammar is refused with the place of the mistake."""
    with pytest.raises(Invalid) as caught:
        legacy_procedure(text, KNOWN)
    assert words in caught.value.message


@given(st.text(alphabet="QCVB_SimpleProcessFile(){}[],0123456789.'\" nilrue", max_size=60))
def test_any_text_gives_a_flow_or_a_clear_refusal(text: str) -> None:
    """Whatever a client writes ends as a procedure or as ``Invalid``: nothing hangs, nothing else is raised."""
    name = call_name(text)
    if not name:
        return
    outcome: object
    try:
        outcome = legacy_procedure(text, KNOWN)
    except Invalid as refused:
        outcome = refused.code
    assert isinstance(outcome, Procedure) or outcome in ("procedure.grammar", "procedure.unknown")


@pytest.mark.parametrize("text", ["LongVideoPreset", "x", "a-b_9"])
def test_bare_names_are_calls_without_arguments(text: str) -> None:
    """A bare name has the form of a call; a name with other characters has not."""
    assert call_name(text) == text
    assert call_name("长视频") == ""
    assert call_name(text + " 1") == ""
