"""Kinds of sub-tasks: what is asked for, how FFmpeg makes it and how the result is reported. Decisions alone.

Promises: the same source, inputs and templates give the same plan. Start reading at
:mod:`openvod.kinds.plan.model`.
"""
