"""The layers that keep a worker in. ``enter`` is called in the worker before any student code."""

from __future__ import annotations

import os
import resource

from grader.sandbox.spec import WorkerSpec


def enter(spec: WorkerSpec) -> dict[str, bool]:
    """Enter every layer that the platform offers; returns which are in force."""
    _limit_resources(spec)
    os.chdir(spec.scratch_dir)
    os.environ["HOME"] = os.environ["TMPDIR"] = spec.scratch_dir
    return {"own process": True, "resource limits": True}


def _limit_resources(spec: WorkerSpec) -> None:
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: spec.max_file_bytes,
        resource.RLIMIT_NOFILE: 256,
    }
    for kind, value in limits.items():
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
