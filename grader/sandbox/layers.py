"""The layers that keep a worker in, entered in the worker before any student code runs.

============================ ==================================================================
own process group            what the grader kills as a whole
resource limits              CPU time, file size, open files, no core dumps
namespaces                   other processes cannot be seen or signalled, there is no network, and
                             all that a worker started ends with it
user id, capabilities        nothing that root, or the user who grades, may do
Landlock                     files: read the interpreter and the submission, but not this program
                             where it is installed among the libraries; write the scratch
                             folder; no TCP; no signals or abstract sockets to the outside
seccomp                      no sockets, no new processes, no tracing, no changes of permissions,
                             and none of the kernel's rarely used doors
============================ ==================================================================

Each layer stands alone: where one is missing, the others still hold what they hold. The grader
adds wall clock, resident memory, threads, scratch size and output from outside, by killing.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

from grader.sandbox.spec import WorkerSpec

PROCESS_GROUP = "process group"
RESOURCE_LIMITS = "resource limits"
PID_NAMESPACE = "pid namespace"
NETWORK_NAMESPACE = "network namespace"
USER_ID = "user id of its own"
CAPABILITIES = "no capabilities"
LANDLOCK = "landlock"
LANDLOCK_SCOPES = "landlock scopes"
SECCOMP = "seccomp"

SPARE_CPU_S = 5
"""Of what a worker that the signal for its CPU time has not ended may still take."""
InForce = dict[str, bool]


def prepare() -> None:
    """Do once, in the process that workers are forked from, what each of them would do.

    A worker cannot read this program's own files, and the libraries find the C library by running
    helpers.
    """
    if sys.platform == "linux":
        from grader.sandbox import identity, landlock, namespaces, seccomp  # noqa: F401

        identity.prepare()
        landlock.prepare()
        seccomp.prepare()


def wants(spec: WorkerSpec, layer: str) -> bool:
    """Whether a worker is to enter a layer that there is on Linux."""
    return spec.isolate and sys.platform == "linux" and layer not in spec.omit


def enter(
    spec: WorkerSpec,
    announce: Callable[[int], None],
    guard: Callable[[int], None],
    *,
    apart: bool,
) -> InForce:
    """Enter every layer that the platform offers; returns which are in force.

    ``apart`` says that this is process 1 of a PID namespace already. Otherwise ``announce`` is
    called with the worker's process id. For such a namespace this function then forks: it returns
    in the child, while the parent stays behind in ``guard``, called with the child's process id,
    which does not return.
    """
    in_force = {PROCESS_GROUP: True, RESOURCE_LIMITS: True}
    if spec.isolate and sys.platform == "linux":
        in_force |= _enter_linux(spec, announce, guard, apart=apart)
    else:
        announce(os.getpid())
        _limit_resources(spec)
    os.chdir(spec.scratch_dir)
    os.environ["HOME"] = os.environ["TMPDIR"] = spec.scratch_dir
    os.environ["USER"] = os.environ["LOGNAME"] = "student"
    return in_force


def _enter_linux(
    spec: WorkerSpec,
    announce: Callable[[int], None],
    guard: Callable[[int], None],
    *,
    apart: bool,
) -> InForce:
    from grader.sandbox import identity, landlock, namespaces, seccomp

    namespaced = wants(spec, PID_NAMESPACE) and namespaces.unshare(processes=not apart)
    if not apart and namespaced:
        pid = os.fork()
        if pid:
            guard(pid)
    elif not apart:
        announce(os.getpid())
    _limit_resources(spec)
    owner = Path(spec.scratch_dir).stat().st_uid
    own_user = wants(spec, USER_ID) and identity.become(owner)
    capless = wants(spec, CAPABILITIES) and identity.drop_capabilities()
    # A driver may share memory with its GPU. Other workers have nobody to share any with.
    may_share = spec.shared_bytes > 0 and any(landlock.gpu_devices())
    landlock_abi = landlock.restrict(spec) if wants(spec, LANDLOCK) else 0
    return {
        PID_NAMESPACE: namespaced or apart,
        NETWORK_NAMESPACE: namespaced,
        USER_ID: own_user,
        CAPABILITIES: capless,
        LANDLOCK: landlock_abi >= landlock.FILES_ABI,
        LANDLOCK_SCOPES: landlock_abi >= landlock.SCOPES_ABI,
        SECCOMP: wants(spec, SECCOMP)
        and seccomp.restrict(may_fork=spec.processes > 1, may_share=may_share),
    }


def _limit_resources(spec: WorkerSpec) -> None:
    limits = {
        resource.RLIMIT_CORE: (0, 0),
        # The first of the two ends the worker with a signal of its own, which tells why.
        resource.RLIMIT_CPU: (spec.cpu_s, spec.cpu_s + SPARE_CPU_S),
        resource.RLIMIT_FSIZE: (spec.file_bytes, spec.file_bytes),
        resource.RLIMIT_NOFILE: (spec.open_files, spec.open_files),
    }
    for kind, values in limits.items():
        _, hard = resource.getrlimit(kind)
        soft, most = (v if hard == resource.RLIM_INFINITY else min(v, hard) for v in values)
        resource.setrlimit(kind, (soft, most))
