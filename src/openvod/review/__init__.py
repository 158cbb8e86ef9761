"""Review: from what a model saw in frames to a verdict, and the wire's shapes of it.

Promises: the same frames give the same verdict. Refuses to know: models, tasks, files, everything but values.
Start reading at :mod:`openvod.review.model`, then :mod:`openvod.review.codec`.
"""
