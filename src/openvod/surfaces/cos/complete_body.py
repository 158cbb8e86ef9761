"""Reading CompleteMultipartUpload: in time that grows with its bytes alone, and bounded by the parts that there are.

Whoever wrote it may mean harm, so that size, elements and attributes are counted before a parser sees them, nothing is
declared, expanded or fetched, and the text of a number is short before it becomes one.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from openvod.base.errors import Invalid
from openvod.base.sizes import KIB, MIB
from openvod.storage.model import CompletedPart

MAX_BYTES = 4 * MIB
#: What a body may have besides its parts, and for each of them: pretty-printed, with every checksum that S3 knows.
_FRAME_BYTES, _PART_BYTES = 64 * KIB, KIB
_FRAME_SIGNS, _PART_TAGS, _PART_EQUALS = 64, 32, 4
#: Bytes between a tag's brackets at most: the parser's time grows with the square of a tag's attributes.
_LONG_TAG = re.compile(rb"<[^<>]{1024}")
_DEEPEST = 8
#: Between two pieces other threads get their turn.
_PIECE = 64 * KIB
_COMPACT_PART = re.compile(
    r'<Part><PartNumber>(\d{1,5})</PartNumber><ETag>(?:"|&quot;)([0-9a-fA-F]{32})(?:"|&quot;)</ETag></Part>'
)
_COMPACT_ROOT = re.compile(r"(<\?xml [^<>]{0,200}\?>\s{0,100})?<CompleteMultipartUpload><Part>")
_NUMBER = re.compile(r"[0-9]{1,5}", re.ASCII)


def limit_for(parts: int) -> int:
    """Return the largest body, in bytes, for an upload with this number of parts."""
    return min(MAX_BYTES, _FRAME_BYTES + parts * _PART_BYTES)


def parse_complete(body: bytes, parts: int) -> list[CompletedPart]:
    """Read a body for an upload with ``parts`` parts; name spaces, element order and white space do not matter.

    Raises ``Invalid("cos.MalformedXML")``, and ``Invalid("cos.XMLSizeLimit")`` for more tags or attributes than
    such an upload needs.
    """
    if body.count(b"<") > _FRAME_SIGNS + parts * _PART_TAGS:
        raise _too_much(parts)
    try:
        text = body.decode()
        if compact := _compact_parts(text):
            return compact
        if body.count(b"=") > _FRAME_SIGNS + parts * _PART_EQUALS or _LONG_TAG.search(body):
            raise _too_much(parts)
        return _Reader().read(text)
    except (ValueError, expat.ExpatError) as error:
        raise Invalid(
            "cos.MalformedXML", "the body must be <CompleteMultipartUpload> with a PartNumber and an ETag in each Part"
        ) from error


def _too_much(parts: int) -> Invalid:
    return Invalid("cos.XMLSizeLimit", f"the body has more tags or attributes than {parts} uploaded parts need")


def _compact_parts(text: str) -> list[CompletedPart]:
    """Read the compact form that nearly every client sends, in a fifth of a parser's time; empty for any other form."""
    root = _COMPACT_ROOT.match(text)
    found = _COMPACT_PART.findall(text)
    # Every tag must belong to a matched part or to the root, otherwise the document has other elements.
    tags = 6 * len(found) + 2 + bool(root and root[1])
    if root is None or text.count("<") != tags or not text.rstrip().endswith("</CompleteMultipartUpload>"):
        return []
    return [CompletedPart(int(number), etag.lower()) for number, etag in found]


class _Reader:
    """Walks through a document once, keeping the two texts of each part."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._part: dict[str, str] = {}
        self._texts: list[str] = []
        self._parts: list[CompletedPart] = []

    def read(self, text: str) -> list[CompletedPart]:
        """Return the parts; raises ``ValueError`` and ``ExpatError``."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_declaration
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._texts.append
        for start in range(0, len(text), _PIECE):
            parser.Parse(text[start : start + _PIECE], False)
        parser.Parse("", True)
        return self._parts

    def _start(self, name: str, _attributes: object) -> None:
        if len(self._path) == _DEEPEST:
            raise ValueError("nested too deep")
        self._path.append(name.rpartition(":")[2])
        self._texts.clear()

    def _end(self, _name: str) -> None:
        name = self._path.pop()
        if self._path == ["CompleteMultipartUpload", "Part"] and name in ("PartNumber", "ETag"):
            if name in self._part:
                raise ValueError("a Part has two of them")
            self._part[name] = "".join(self._texts).strip()
        elif self._path == ["CompleteMultipartUpload"] and name == "Part":
            self._parts.append(_part(self._part))
            self._part = {}
        elif not self._path and name != "CompleteMultipartUpload":
            raise ValueError("another document")
        self._texts.clear()


def _part(texts: dict[str, str]) -> CompletedPart:
    if texts.keys() != {"PartNumber", "ETag"} or not _NUMBER.fullmatch(texts["PartNumber"]):
        raise ValueError("a Part lacks its PartNumber or its ETag")
    return CompletedPart(int(texts["PartNumber"]), texts["ETag"].strip('" \r\n\t').lower())


def _refuse_declaration(*_: object) -> None:
    """Only a declaration could define entities; without one the parser has nothing to expand or fetch."""
    raise ValueError("declarations are not accepted")
