"""Tasks: procedures, templates, tasks and their sub-tasks.

Promises: what a signature's ``procedure`` names is resolved once, to plain values; a task always reaches a terminal
state and reports its result once. Refuses to know: FFmpeg, files, the engine that runs flows. Start reading at
:mod:`openvod.tasks.model`, then :mod:`openvod.tasks.templates` and :mod:`openvod.tasks.service`.
"""
