"""Where student code runs: processes forked from a warm server, and what keeps them in."""

from grader.sandbox.forkserver import ForkServer

__all__ = ["ForkServer"]
