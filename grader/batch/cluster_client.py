"""Finds a Dask cluster, and looks whether its workers can grade: see ``grader.batch.cluster``."""

from __future__ import annotations

import asyncio

from distributed import Client, Security
from distributed.comm.core import connect

from grader.batch.cluster_worker import problem_of
from grader.batch.station import Build
from grader.errors import UsageError

CONNECT_S = 10.0
START = "dask worker {address} --nthreads 1"


def connected(address: str) -> Client:
    """A client of the scheduler at ``address``, which has a worker.

    Raises UsageError that says what to start.
    """
    try:
        # Before there is a client, which would complain of its own end as well.
        asyncio.run(_reach(address))
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise UsageError(
            f"no Dask scheduler answers at {address} ({str(error)[:200]}); start one with "
            "'dask scheduler' and give the address that it names, such as tcp://host:8786"
        ) from None
    client = Client(address, timeout=CONNECT_S, set_as_default=False)
    try:
        client.wait_for_workers(1, timeout=CONNECT_S)
    except TimeoutError:
        client.close()
        start = START.format(address=address)
        raise UsageError(f"the scheduler at {address} has no worker; start some: {start}") from None
    return client


async def _reach(address: str) -> None:
    settings = Security().get_connection_args("client")
    comm = await connect(address, timeout=CONNECT_S, **settings)
    await comm.close()


def check_builds(client: Client, build: Build, address: str) -> None:
    """Raises UsageError that names the workers which are not set up as this process is."""
    workers = client.scheduler_info()["workers"]
    found = client.run(Build.here, on_error="return")
    problems = {}
    for worker, other in found.items():
        threads = workers[worker]["nthreads"] if worker in workers else 1
        if problem := problem_of(build, other, threads):
            problems[worker] = problem
    if problems:
        listed = "; ".join(f"{worker} has {problem}" for worker, problem in problems.items())
        raise UsageError(
            f"these workers cannot grade: {listed}. Install the same versions everywhere, and "
            f"start each worker with: {START.format(address=address)}"
        )
