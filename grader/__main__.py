"""``python -m grader``: see ``grader.cli``."""

import os
import sys
from typing import NoReturn


def run() -> NoReturn:
    """Run the command line as a program, and end without taking all of torch apart first."""
    from grader.cli import main

    try:
        main()
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)
    sys.exit()


if __name__ == "__main__":
    # Python puts the current folder first, and that may be a hand-in with a socket.py in it.
    if not sys.flags.safe_path:
        del sys.path[0]

    run()
