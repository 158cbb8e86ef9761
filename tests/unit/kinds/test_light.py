"""What commands import before they know what they are asked for."""

from __future__ import annotations

import subprocess
import sys


def test_commands_do_not_load_the_models_of_kinds() -> None:
    """The names of kinds of templates are there for the command line without the models, which take half a second."""
    program = "import sys, openvod.app.cli.tasks; print('openvod.kinds.registry' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.split() == ["False"]
