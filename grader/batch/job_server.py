"""The process that a course's jobs are forked from: one with torch in it, and without threads."""

from __future__ import annotations

import multiprocessing
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext

JOBS = "grader.batch.jobs"


def start_job_server(module: str = JOBS) -> ForkServerContext:
    """Start it, if it does not run yet; it imports ``module`` beside the caller's own imports."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([module])
    forkserver.ensure_running()
    return context
