"""Events: what happened, told to the app server until it answered.

Promises: an event row is written with the change that caused it, delivered in order for each subject, and never
dropped silently. Refuses to know: what caused an event, HTTP libraries.
Start reading at :mod:`openvod.events.model`, then :mod:`openvod.events.service`.
"""
