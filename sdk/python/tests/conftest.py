"""Fixtures: the conformance vectors, a running loopback platform, a client of it and a file of three parts."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from openvod_sdk import Client, FileResumeStore, RetryPolicy
from support.loopback import BUCKET, Loopback

CONFORMANCE = Path(__file__).parents[3] / "conformance"


@pytest.fixture
def vectors(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """Vectors of the file that a test names with ``indirect`` parametrisation."""
    document = json.loads((CONFORMANCE / request.param).read_text("utf-8"))
    return list(document["vectors"])


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    """A running loopback platform on a free port."""
    state = Loopback()
    methods = ["GET", "PUT", "POST", "HEAD", "DELETE"]
    app = Starlette(
        routes=[
            Route("/v3/index.php", state.control, methods=["POST"]),
            Route(f"/{BUCKET}/{{key:path}}", state.storage, methods=methods),
        ]
    )
    listener = socket.create_server(("127.0.0.1", 0))
    state.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A file of three parts: two of 1 MiB and a shorter one, all different."""
    path = tmp_path / "Holiday.MP4"
    path.write_bytes(b"".join(bytes([n]) * size for n, size in ((1, 1 << 20), (2, 1 << 20), (3, 1000))))
    return path


@pytest.fixture
def store(tmp_path: Path) -> FileResumeStore:
    """A resume store of this test alone."""
    return FileResumeStore(tmp_path / "state")


@pytest.fixture
def client(loopback: Loopback, store: FileResumeStore) -> Client:
    """A client of the loopback platform, with parts of 1 MiB and short delays."""
    return Client(
        loopback.url,
        "signature",
        part_size=1 << 20,
        concurrency=2,
        retry=RetryPolicy(attempts=3, first_delay=0.001, longest_delay=0.002),
        resume_store=store,
    )
