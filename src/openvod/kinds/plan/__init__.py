"""Plans: the jobs of a flow as values, which can be printed, compared and tested without running FFmpeg.

Promises: the same source, inputs and templates give the same plan; an input that cannot be met fails on its own, with
the wire's code, before anything runs. Start reading at :mod:`openvod.kinds.plan.model`, then
:mod:`openvod.processing.planner`.
"""
