"""``python -m grader``: see ``grader.cli``."""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # Python puts the current folder first, and that may be a hand-in with a signal.py in it.
    del sys.path[0]

import atexit
import gc
import os
import signal
from types import FrameType
from typing import NoReturn

from grader.exit_codes import ExitCode

NOT_INSTALLED = (
    "The package {} is not installed for {}. Was another environment meant, such as that of\n"
    ". .venv/bin/activate\n"
    "in the folder of the grader? README says how to make it.\n"
)


def run() -> None:
    """Run the command line as a program, and end without taking all of torch apart first."""
    # Of what is imported nothing is garbage, and to look for it takes a tenth of the time.
    gc.disable()
    # A shell lets its background jobs ignore it.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)
    try:
        from grader.cli import main
        from grader.console import open_streams
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "grader":
            raise
        sys.stderr.write(NOT_INSTALLED.format(error.name, sys.executable))
        sys.exit(ExitCode.HARNESS)

    open_streams()
    try:
        main()
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise
        # What libraries promise to tidy up at the end, such as multiprocessing its folder.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code)


def _stop(signum: int, frame: FrameType | None) -> NoReturn:
    """End while nothing but imports is under way: a trace of them would tell nobody anything."""
    os.write(2, b"Interrupted.\n")
    os._exit(130)


if __name__ == "__main__":
    run()
