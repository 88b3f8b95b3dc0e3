"""``python -m grader``: see ``grader.cli``."""

import gc
import os
import sys


def run() -> None:
    """Run the command line as a program, and end without taking all of torch apart first."""
    # Of what is imported nothing is garbage, and to look for it takes a tenth of the time.
    gc.disable()
    from grader.cli import main

    try:
        main()
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code)


if __name__ == "__main__":
    # Python puts the current folder first, and that may be a hand-in with a socket.py in it.
    if not sys.flags.safe_path:
        del sys.path[0]

    run()
