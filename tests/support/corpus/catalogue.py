"""The media corpus: odd and hostile files, made when needed, with what their uploader may expect of them."""

from __future__ import annotations

from support.corpus.case import Case
from support.corpus.damaged import DAMAGED
from support.corpus.hostile import HOSTILE
from support.corpus.sound import PICTURES, SOUNDS
from support.corpus.video import FILMS

CASES: tuple[Case, ...] = (*FILMS, *SOUNDS, *PICTURES, *DAMAGED, *HOSTILE)
