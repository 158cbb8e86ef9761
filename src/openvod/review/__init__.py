"""Review: converts a model's findings in frames to a verdict, and the verdict to the wire's members.

Promises: the same findings give the same verdict. Refuses to know: models, tasks, files; works on values only.
Start reading at :mod:`openvod.review.model`, then :mod:`openvod.review.codec`.
"""
