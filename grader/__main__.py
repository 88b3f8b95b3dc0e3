"""``python -m grader``: see ``grader.cli``."""

import sys

if __name__ == "__main__":
    # Python puts the current folder first, and that may be a hand-in with a socket.py in it.
    if not sys.flags.safe_path:
        del sys.path[0]

    from grader.cli import main

    main()
