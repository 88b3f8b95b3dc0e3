"""Where a course is graded: on this machine, or on a cluster."""

from __future__ import annotations

from grader.batch.local import Executor, LocalExecutor
from grader.batch.turns import model_turns
from grader.doctor import Sandbox
from grader.errors import UsageError
from grader.grading import Request
from grader.rubric import Rubric


def executor_for(
    request: Request, sandbox: Sandbox, rubric: Rubric, *, jobs: int, cluster: str
) -> Executor:
    """The workers of the Dask scheduler at ``cluster``, or, where that is '', ``jobs`` here.

    Raises UsageError where Dask is asked for and not installed.
    """
    if not cluster:
        return LocalExecutor(jobs, sandbox, request, model_turns(request.device, rubric))
    try:
        from grader.batch.cluster import ClusterExecutor
    except ModuleNotFoundError as error:
        raise UsageError(
            f"a cluster needs Dask ({error}): pip install -c constraints.txt -e '.[cluster]'"
        ) from None
    return ClusterExecutor(cluster, request, sandbox.mode, sandbox.folder)
