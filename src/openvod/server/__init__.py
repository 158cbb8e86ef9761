"""Server: HTTP/1.1 on a socket, requests and responses on the wire, files sent by the kernel.

Promises: header names keep their exact case, bodies have a minimum rate, all connections have limits.
Refuses to know: surfaces, databases. Start reading at :mod:`openvod.server.wire`, then
:mod:`openvod.server.http_protocol`.
"""
