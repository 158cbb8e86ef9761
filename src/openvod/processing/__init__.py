"""Processing: flows that carry out tasks on files, and the orders that open them.

Promises: a plan is made from rows alone and its results are written in one transaction, so that after a
crash the next step starts from the rows. Refuses to know: FFmpeg's process, files' paths, the engine that runs flows.
Start reading at :mod:`openvod.kinds.plan`, then :mod:`openvod.processing.flow`.
"""
