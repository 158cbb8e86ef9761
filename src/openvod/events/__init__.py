"""Events: what happened, delivered to the app server with retries.

Promises: an event is written with the change that caused it, stands in its application's log without a gap, reaches
every endpoint in order for each ``FileId`` under one id, and is never dropped silently. Refuses to know: what caused an
event, HTTP libraries. Start reading at :mod:`openvod.events.model`, then :mod:`openvod.events.delivery`; beside it
stand :mod:`~openvod.events.pull`, :mod:`~openvod.events.feed` and :mod:`~openvod.events.endpoints`.
"""
