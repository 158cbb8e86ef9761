"""The program ``openvod``: each module holds the commands of one subject.

:mod:`~openvod.app.cli.commands` is their table, which programs import; :mod:`~openvod.app.cli.__main__` is the entry
point.
"""
