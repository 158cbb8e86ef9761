"""Checks the outputs of a flow: every sub-task succeeded, every output is fetched over HTTP and decoded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from openvod.adapters.ffmpeg.encoder import decode, decode_address
from openvod.base.errors import Unavailable


def check_procedure(event: Mapping[str, Any], folder: Path, seconds: float, say: Callable[[str], None]) -> None:
    """Raise ``Unavailable("demo.procedure")`` for the first output that is missing or wrong.

    ``seconds`` is the source's duration, which full-length outputs must have.
    """
    task = event["ProcedureStateChangeEvent"]
    items = [*task["MediaProcessResultSet"], *task["AiContentReviewResultSet"]]
    if task["Status"] != "FINISH" or not items:
        raise Unavailable("demo.procedure", f"the flow ended as {task['Status']} with {len(items)} results")
    for item in items:
        member = next(value for name, value in item.items() if name != "Type")
        if member["Status"] != "SUCCESS":
            words = f"{item['Type']}: {member['Status']} {member['ErrCodeExt']} {member['Message']}"
            raise Unavailable("demo.procedure", words)
        for url in addresses(member["Output"]):
            _check(url, folder, seconds)
        say(f"processed   {item['Type']} {member['Input'].get('Definition', '')}")


def addresses(output: Any) -> Iterator[str]:
    """Yield every URL in an output."""
    if isinstance(output, Mapping):
        for value in output.values():
            yield from addresses(value)
    elif isinstance(output, list):
        for value in output:
            yield from addresses(value)
    elif isinstance(output, str) and output.startswith(("http://", "https://")):
        yield output


def _check(url: str, folder: Path, seconds: float) -> None:
    suffix = url.partition("?")[0].rpartition(".")[2]
    body = httpx.get(url).raise_for_status().content
    if suffix == "vtt":
        _check_vtt(url, body.decode())
    elif suffix in ("m3u8", "mpd"):
        decoded = decode_address(url)
        if abs(decoded.seconds - seconds) > 1.0:
            raise Unavailable("demo.procedure", f"{url} has {decoded.seconds:g} s instead of {seconds:g} s")
    elif suffix != "json":
        path = folder / f"output.{suffix}"
        path.write_bytes(body)
        decode(path)


def _check_vtt(url: str, text: str) -> None:
    cues = [line for line in text.splitlines() if "#xywh=" in line]
    if not text.startswith("WEBVTT") or not cues:
        raise Unavailable("demo.procedure", f"{url} is not a WebVTT file with cues")
    for name in {cue.partition("#")[0] for cue in cues}:
        httpx.get(url.rpartition("/")[0] + "/" + name).raise_for_status()
