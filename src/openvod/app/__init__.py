"""App: composition. Settings, wiring, the command line, the serve and work loops.

Start reading at :mod:`openvod.app.foundation` (what is made once), :mod:`openvod.app.services` and
:mod:`openvod.app.platform` (what is wired to what), then :mod:`openvod.app.cli`.
"""
