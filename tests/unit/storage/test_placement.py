"""No two writers ever share a range of a blob."""

from __future__ import annotations

from contextlib import ExitStack

from openvod.storage.model import MultipartUpload, UploadState
from openvod.storage.placement import SlotBoard

_UPLOAD = MultipartUpload("u", "b", "k", "blob", {}, "STANDARD", UploadState.OPEN, 0.0, 0.0)


def test_a_slot_is_held_once() -> None:
    """The second writer of a part is told that the slot is taken, until the first is done."""
    board = SlotBoard()
    with board.claim("u", 1) as first, board.claim("u", 1) as second, board.claim("u", 2) as other:
        assert (first, second, other) == (True, False, True)
    with board.claim("u", 1) as again:
        assert again


def test_parts_in_flight_agree_on_one_grid() -> None:
    """While the first part travels, others use its grid; afterwards a new guess is allowed."""
    board = SlotBoard()
    with ExitStack() as stack:
        stack.enter_context(board.claim("u", 1))
        assert board.stride(_UPLOAD, 1, 5000) == 5000
        stack.enter_context(board.claim("u", 2))
        assert board.stride(_UPLOAD, 2, 8 << 20) == 5000
    assert board.stride(_UPLOAD, 2, 8 << 20) == 8 << 20


def test_reclaiming_and_writing_exclude_each_other() -> None:
    """Slack is never erased under a writer, and nobody writes where slack is being erased."""
    board = SlotBoard()
    with board.claim("u", 1), board.reclaim("u") as alone:
        assert not alone
    with board.reclaim("u") as alone, board.claim("u", 1) as claimed:
        assert (alone, claimed) == (True, False)
