"""Base: the words every other room uses.

Promises: identifiers, sizes, the clock, entropy and unit-of-work ports, and the one error root.
Refuses to know: any technology, any wire format. Standard library only.
Start reading at :mod:`openvod.base.errors`, then :mod:`openvod.base.ports`.
"""
