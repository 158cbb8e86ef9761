"""Server: HTTP/1.1 on a socket, requests and answers as they travel, files sent by the kernel.

Promises: header names in their exact case, bodies read no slower than their limits allow, no connection without bounds.
Refuses to know: which surface answers, databases. Start reading at :mod:`openvod.server.wire`, then
:mod:`openvod.server.http_protocol`.
"""
