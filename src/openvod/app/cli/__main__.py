"""Entry point of the program ``openvod``: imports few modules until it can report errors.

It sets the process's handler of Ctrl-C, so programs import :mod:`openvod.app.cli.commands` instead.
"""

from __future__ import annotations

import signal
import sys

_SHIELDED = signal.getsignal(signal.SIGINT) is signal.default_int_handler
if _SHIELDED:
    # Ctrl-C during imports ends the process silently, without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def main() -> None:
    """Run the command line and exit with its status."""
    from openvod.app.cli.commands import application_for, run

    application = application_for(sys.argv[1:])
    if _SHIELDED:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(run(sys.argv[1:], application))


if __name__ == "__main__":
    main()
