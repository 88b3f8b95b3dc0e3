"""Where student code runs: processes forked from a warm server, and what keeps them in."""

from grader.sandbox.forkserver import ForkServer
from grader.sandbox.process import WorkerProcess
from grader.sandbox.spec import WorkerSpec

__all__ = ["ForkServer", "WorkerProcess", "WorkerSpec"]
