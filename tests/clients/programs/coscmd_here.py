"""Runs the unmodified coscmd with every host name led to this machine: it puts the bucket before its endpoint."""

import socket
import sys
from importlib.metadata import entry_points

look_up = socket.getaddrinfo
socket.getaddrinfo = lambda host, port, *rest, **named: look_up("127.0.0.1", port, *rest, **named)
(command,) = entry_points(group="console_scripts", name="coscmd")
sys.exit(command.load()())
