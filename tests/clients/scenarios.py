"""What every client must live through, as data. A driver runs each; a test judges by the platform's own facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from support.faults.calls import Call, Fault, Harm

KIB, MIB, GIB = 1024, 1024**2, 1024**3


class Content(StrEnum):
    """What is in a file."""

    RANDOM = "random bytes, the same for the same seed"
    SPARSE = "holes, with a mebibyte of noise in each gibibyte"
    CLIP = "a playable clip"
    PICTURE = "a JPEG"
    PLAYLIST = "an HLS playlist with its segments beside and below it"


@dataclass(frozen=True)
class File:
    """A file to upload; ``size`` and ``seed`` are those of random and sparse content."""

    name: str = "holiday.mp4"
    size: int = 2 * MIB + 12_345
    content: Content = Content.RANDOM
    seed: int = 1


class Meddling(StrEnum):
    """What happens while a call is held in the middle of the upload."""

    RELOAD = "the page is reloaded, the same files are uploaded again"
    KILL_CLIENT = "the client is killed, the same files are uploaded again"
    KILL_SERVER = "the server is killed and started"
    KILL_BOTH = "both are killed; the server is started, the same files are uploaded again"
    PAUSE = "the client pauses, then goes on"
    CANCEL = "the client cancels, the same files are uploaded again"
    RENEW = "the client's clock runs ahead by most of the credential's life"
    SET_CLOCK = "the device's clock is set ahead"
    RESTART = "the server is stopped and started before each held call"


class Signer(StrEnum):
    """Whose key signs."""

    OWN = "an enabled key of the main application"
    UNKNOWN = "a key that nobody created"
    DISABLED = "a key that was disabled"
    OTHER_APPLICATION = "a key of another application, for the main one"


@dataclass(frozen=True)
class Signing:
    """What the app server signs. ``changes`` are wire parameters (times count from now); ``spent``: used before."""

    signer: Signer = Signer.OWN
    changes: Mapping[str, object] = field(default_factory=dict)
    tampered: bool = False
    spent: bool = False


@dataclass(frozen=True)
class Refusal:
    """An end with an error that shows ``ugc`` to client uploads, ``api`` to server uploads, ``storage`` to COS SDKs."""

    ugc: str
    api: str = ""
    storage: str = ""


@dataclass(frozen=True)
class Scenario:
    """One row of the matrix. ``needs`` are abilities that a driver may lack, with its reason.

    Its client has ``seconds`` to come to an end.
    """

    name: str
    media: File | None = File()
    cover: File | None = None
    second: File | None = None
    faults: tuple[Fault, ...] = ()
    meddling: Meddling | None = None
    signing: Signing = Signing()
    server_clock: float = 0
    bytes_per_second: float = 0
    refusal: Refusal | None = None
    resumes: bool = False
    needs: tuple[str, ...] = ()
    seconds: float = 80

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


#: Several parts for every client, and a middle to act in.
_LONG = File(size=18 * MIB + 777)
#: Held from the second part on: one part is acknowledged then.
_MIDDLE = (Fault(Harm.HOLD, Call.PART, 2),)
_PICTURE = File("cover.jpg", content=Content.PICTURE)


def _lost(call: Call) -> Scenario:
    return Scenario(
        f"lost response to {call}", _LONG, faults=(Fault(Harm.LOSE_ANSWER, call),), needs=(f"calls {call}",)
    )


def _limited(
    name: str,
    refusal: Refusal | None = None,
    cover: File | None = None,
    media: File = File(),
    *,
    needs: tuple[str, ...] = (),
    meddling: Meddling | None = None,
    **changes: object,
) -> Scenario:
    """A permission with limits of ours in it (decision record 11)."""
    return Scenario(
        f"limit: {name}", media, cover, faults=_MIDDLE if meddling else (), meddling=meddling, resumes=bool(meddling),
        signing=Signing(changes=changes), refusal=refusal, needs=("limits", *needs),
    )  # fmt: skip


TOO_LARGE = "limit: size: one byte over"
_SIZE = File().size
SCENARIOS = (
    Scenario("new", File(content=Content.CLIP)),
    Scenario("with cover", File(content=Content.CLIP), _PICTURE),
    Scenario("cover only", None, _PICTURE, needs=("cover only",)),
    Scenario("0 byte", File(size=0)),
    Scenario("1 byte", File(size=1)),
    Scenario("small file", File(size=MIB + 1)),
    Scenario("over 100 MiB", File(size=104 * MIB + 333)),
    Scenario("20 GB sparse", File(size=20 * 10**9, content=Content.SPARSE), needs=("20 GB",), seconds=2400),
    Scenario("HLS directory", File("index.m3u8", content=Content.PLAYLIST), needs=("manifest",)),
    Scenario("Chinese name", File("假期 视频 第一集.mp4")),
    Scenario("emoji name", File("🎬 party 🚀👩‍👩‍👧.mp4")),
    Scenario("special characters in name", File("a b+c&d=(x)!'~%25@#,;[]{}$^`.v1.mp4")),
    Scenario("resume after reload", _LONG, faults=_MIDDLE, meddling=Meddling.RELOAD, resumes=True, needs=("reload",)),
    Scenario("resume after killing the client", _LONG, faults=_MIDDLE, meddling=Meddling.KILL_CLIENT, resumes=True),
    Scenario("resume after killing the server", _LONG, faults=_MIDDLE, meddling=Meddling.KILL_SERVER),
    Scenario("resume after killing both", _LONG, faults=_MIDDLE, meddling=Meddling.KILL_BOTH, resumes=True),
    Scenario(
        "another file, same name and size", _LONG, second=File(size=_LONG.size, seed=2), faults=_MIDDLE,
        meddling=Meddling.KILL_CLIENT,
    ),
    Scenario("pause", _LONG, faults=_MIDDLE, meddling=Meddling.PAUSE, needs=("pause",)),
    Scenario("cancel, then again", _LONG, faults=_MIDDLE, meddling=Meddling.CANCEL, needs=("cancel",)),
    Scenario("credential renewed", _LONG, faults=_MIDDLE, meddling=Meddling.RENEW, needs=("renewal",)),
    Scenario("client's clock 1 h behind", _LONG, server_clock=3600),
    Scenario("client's clock 1 h ahead", _LONG, server_clock=-3600),
    Scenario("clock set ahead in mid-upload", _LONG, faults=_MIDDLE, meddling=Meddling.SET_CLOCK, needs=("set clock",)),
    Scenario("one-time: first use", signing=Signing(changes={"oneTimeValid": 1}), needs=("signature",)),
    Scenario(
        "one-time: reuse", signing=Signing(changes={"oneTimeValid": 1}, spent=True),
        refusal=Refusal("one-time signature was used"), needs=("signature",),
    ),
    Scenario(
        "one-time: lost response", signing=Signing(changes={"oneTimeValid": 1}),
        faults=(Fault(Harm.LOSE_ANSWER, Call.APPLY),), needs=("signature",),
    ),
    Scenario(
        "one-time: resume", _LONG, signing=Signing(changes={"oneTimeValid": 1}), faults=_MIDDLE,
        meddling=Meddling.KILL_CLIENT, resumes=True, needs=("signature",),
    ),
    Scenario(
        "signature expired", signing=Signing(changes={"currentTimeStamp": -7200, "expireTime": -3600}),
        refusal=Refusal("signature expired"), needs=("signature",),
    ),
    Scenario(
        "signature tampered", signing=Signing(tampered=True),
        refusal=Refusal("signature does not match", "AuthFailure.SignatureFailure"), needs=("calls Apply",),
    ),
    Scenario(
        "wrong application", signing=Signing(Signer.OTHER_APPLICATION),
        refusal=Refusal("does not belong to this key", "InvalidParameterValue.SubAppId"), needs=("calls Apply",),
    ),
    Scenario(
        "unknown key", signing=Signing(Signer.UNKNOWN),
        refusal=Refusal("is unknown", "AuthFailure.SecretIdNotFound"), needs=("calls Apply",),
    ),
    Scenario(
        "disabled key", signing=Signing(Signer.DISABLED),
        refusal=Refusal("is disabled", "AuthFailure.SecretIdNotFound"), needs=("calls Apply",),
    ),
    Scenario(
        "unknown procedure", signing=Signing(changes={"procedure": "NobodyMadeThis"}),
        refusal=Refusal("NobodyMadeThis", "InvalidParameterValue.Procedure"), needs=("calls Apply",),
    ),
    Scenario(
        "region not enabled", signing=Signing(changes={"storageRegion": "ap-tokyo"}),
        refusal=Refusal("is not enabled", "InvalidParameterValue.StorageRegion"), needs=("calls Apply",),
    ),
    _limited("size: one byte under", maxVideoSize=_SIZE + 1),
    _limited("size: exactly", maxVideoSize=_SIZE),
    _limited("size: one byte over", Refusal("allows at most", storage="EntityTooLarge"), maxVideoSize=_SIZE - 1),
    _limited("cover: one byte over", Refusal("allows at most"), _PICTURE, needs=("calls Apply",), maxCoverSize=100),
    _limited("type: permitted", videoTypes="mov,mp4", needs=("calls Apply",)),
    _limited("type: not permitted", Refusal("is not permitted"), videoTypes="mov,mkv", needs=("calls Apply",)),
    _limited("network: inside", clientNetworks="127.0.0.0/8"),
    _limited("network: outside", Refusal("another network"), clientNetworks="203.0.113.0/24", needs=("calls Apply",)),
    _limited("page: another", Refusal("another page"), pageOrigins="https://app.example.com", needs=("calls Apply",)),
    _limited("user: resume", None, None, _LONG, userId="user-7", meddling=Meddling.KILL_CLIENT),
    *map(_lost, (Call.APPLY, Call.INITIATE, Call.PART, Call.COMPLETE, Call.COMMIT)),
    Scenario("reset in mid-part", _LONG, faults=(Fault(Harm.RESET, Call.PART, 2),)),
    Scenario("truncated in mid-part", _LONG, faults=(Fault(Harm.TRUNCATE, Call.PART, 2),)),
    Scenario(
        "server restart between calls", _LONG, meddling=Meddling.RESTART,
        faults=tuple(Fault(Harm.HOLD, c) for c in (Call.INITIATE, Call.PART, Call.COMPLETE, Call.COMMIT)),
    ),
    Scenario("slow network", _LONG, bytes_per_second=8 * MIB),
    Scenario("concurrent Completes", _LONG, faults=(Fault(Harm.TWICE, Call.COMPLETE),)),
    Scenario("concurrent commits", faults=(Fault(Harm.TWICE, Call.COMMIT),), needs=("calls Commit",)),
)  # fmt: skip
