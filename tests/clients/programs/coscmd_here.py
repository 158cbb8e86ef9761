"""Runs the unmodified coscmd with every host name led to this machine: it puts the bucket before its endpoint."""

import socket
import sys

from coscmd.cos_cmd import _main  # type: ignore[import-not-found]  # in the environment of tools

look_up = socket.getaddrinfo
socket.getaddrinfo = lambda host, port, *rest, **named: look_up("127.0.0.1", port, *rest, **named)
sys.exit(_main())
