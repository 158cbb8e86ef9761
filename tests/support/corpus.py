"""The media corpus: odd and hostile files, made when needed, with what their uploader may expect of them."""

from __future__ import annotations

from support.corpus_case import Case
from support.corpus_damaged import DAMAGED
from support.corpus_hostile import HOSTILE
from support.corpus_sound import PICTURES, SOUNDS
from support.corpus_video import FILMS

CASES: tuple[Case, ...] = (*FILMS, *SOUNDS, *PICTURES, *DAMAGED, *HOSTILE)
