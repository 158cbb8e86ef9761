"""Names of files in any letters survive the way through a head."""

from __future__ import annotations

from email.message import Message

import pytest

from openvod.base.errors import Invalid
from openvod.server.header_text import disposition, header_bytes


def test_nothing_becomes_a_question_mark() -> None:
    """Latin-1 goes out as it came in; more letters go out as UTF-8."""
    assert header_bytes("caf\xe9") == b"caf\xe9"
    assert header_bytes("片 1.mp4") == "片 1.mp4".encode()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ('attachment; filename="片 1.mp4"', "片 1.mp4"),
        ("attachment; filename=片.mp4", "片.mp4"),
        ('inline; FileName="a \\"片\\".mp4"; x=y', 'a "片".mp4'),
        ('attachment; filename="café.mp4"', "café.mp4"),
        ("attachment; filename=\"片\"; filename*=UTF-8''%E7%89%87", "片"),
        ('attachment; filename="plain.mp4"', "plain.mp4"),
    ],
)
def test_a_file_keeps_its_name(given: str, name: str) -> None:
    """The header is ASCII and names the same file to whoever reads it by the rules (RFC 6266)."""
    written = disposition(given, "f")
    assert written.isascii()
    message = Message()
    # The reader of the standard library takes the extended name where there is one.
    message["Content-Disposition"] = written.replace('filename="', 'x="') if "filename*" in written else written
    assert message.get_filename() == name


def test_letters_outside_a_name() -> None:
    """What no rule covers is refused by its field."""
    with pytest.raises(Invalid, match="response-x"):
        disposition("anhäng; filename=a", "response-x")
