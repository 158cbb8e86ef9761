"""Plans: what a flow will run, as values that can be printed, compared and tested without running anything.

Promises: the same source, inputs and templates give the same plan; an input that cannot be met fails on its own, with
the wire's code, before anything runs. Start reading at :mod:`openvod.kinds.plan.model`, then
:mod:`openvod.processing.planner`.
"""
