"""App: composition. Settings, wiring, the command line, the loops of server and worker.

Start reading at :mod:`openvod.app.foundation` (adapters), :mod:`openvod.app.services` and :mod:`openvod.app.platform`
(wiring), then :mod:`openvod.app.cli`.
"""
