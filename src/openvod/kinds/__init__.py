"""Kinds of sub-tasks: the input, the FFmpeg commands and the result of each. Decisions only, no I/O.

Promises: the same source, inputs and templates give the same plan; everything that belongs to one kind is in one file,
and :mod:`openvod.kinds.registry` has a line for each. Refuses to know: tasks, flows, FFmpeg's process.
Start reading at :mod:`openvod.kinds.kind`, then :mod:`openvod.kinds.sample_snapshot`.
"""
