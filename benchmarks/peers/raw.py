"""What Python alone reaches: receive, MD5, write, fdatasync; a thread per connection, no protocol to speak of."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import threading

_BUFFER = 256 * 1024


def main() -> None:
    """Serve ``sys.argv``: folder, port, ``md5`` or ``plain``."""
    folder, port, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_serve, args=(connection, folder, kind == "md5"), daemon=True).start()


def _serve(connection: socket.socket, folder: str, hashed: bool) -> None:
    buffer = bytearray(_BUFFER)
    view = memoryview(buffer)
    with connection:
        fd = os.open(f"{folder}/{connection.fileno()}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
        while _one(connection, fd, buffer, view, hashed):
            continue
        os.close(fd)


def _one(connection: socket.socket, fd: int, buffer: bytearray, view: memoryview, hashed: bool) -> bool:
    """Serve one request; return whether there was one."""
    got = 0
    while (end := buffer.find(b"\r\n\r\n", 0, got)) < 0:
        size = connection.recv_into(view[got:])
        if not size:
            return False
        got += size
    head = bytes(view[:end]).lower()
    left = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    digest = hashlib.md5(usedforsecurity=False)
    chunk = view[end + 4 : got]
    while True:
        if hashed:
            digest.update(chunk)
        os.write(fd, chunk)
        left -= len(chunk)
        if left <= 0:
            break
        chunk = view[: connection.recv_into(view)]
        if not chunk:
            return False
    os.fdatasync(fd)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    return True


if __name__ == "__main__":
    main()
