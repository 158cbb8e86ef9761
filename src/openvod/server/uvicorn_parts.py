"""The private parts of uvicorn that OpenVOD's protocol uses, checked when a server starts.

A release of uvicorn may rename them. The fallback is uvicorn's own protocol, which answers every request, but without
the fast paths (decision records 13 and 24) and connection limits (42). See decision record 54.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from types import FunctionType, ModuleType

MODULE = "uvicorn.protocols.http.httptools_impl"
#: Class of :data:`MODULE` to the attributes and methods that ``http_protocol`` and ``handover`` use.
PARTS: Mapping[str, Sequence[str]] = {
    "HttpToolsProtocol": (
        "app", "client", "cycle", "flow", "headers", "parser", "pipeline", "scheme", "scope",
        "timeout_keep_alive_task", "transport", "url",
        "connection_lost", "connection_made", "data_received", "on_headers_complete", "on_message_complete",
        "on_response_complete",
    ),
    "RequestResponseCycle": (
        "body", "chunked_encoding", "disconnected", "expected_content_length", "keep_alive", "more_body",
        "response_complete", "response_started", "send", "waiting_for_100_continue",
    ),
    "FlowControl": ("pause_reading", "resume_reading"),
}  # fmt: skip


def missing_parts() -> Sequence[str]:
    """Return the missing parts, like ``RequestResponseCycle.more_body``; empty for a compatible uvicorn."""
    try:
        module = importlib.import_module(MODULE)
    except ImportError:
        return (MODULE,)
    return [missing for name, parts in PARTS.items() for missing in _missing(module, name, parts)]


def _missing(module: ModuleType, name: str, parts: Sequence[str]) -> Iterator[str]:
    found = getattr(module, name, None)
    if not isinstance(found, type):
        yield name
        return
    known = set(dir(found)) | {used for member in vars(found).values() for used in _names_used_by(member)}
    yield from (f"{name}.{part}" for part in parts if part not in known)


def _names_used_by(member: object) -> Sequence[str]:
    """Return the attributes that a method reads or sets; the class alone lacks those like ``self.cycle``."""
    return member.__code__.co_names if isinstance(member, FunctionType) else ()
