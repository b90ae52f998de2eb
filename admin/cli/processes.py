"""Commands that keep running: everything at once (`up`), or one process of it."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from admin.cli.output import Stop, err, sentences

if TYPE_CHECKING:
    from admin.supervisor import Supervisor

Workers = Annotated[int, typer.Option(metavar="N", min=1, help="Worker processes.")]
Port = Annotated[int, typer.Option(help="Port of the console.")]


def up(workers: Workers = 2, port: Port = 8000) -> None:
    """Start the job queue, workers, scheduler and console; end them all with Ctrl-C."""
    with sentences():
        from contextlib import ExitStack

        from admin.cli.django_setup import ready
        from admin.supervisor import Supervisor, private_redis

        ready(migrate=True)
        with ExitStack() as stack:
            supervisor = Supervisor()
            if not os.environ.get("REDIS_URL"):
                os.environ["REDIS_URL"] = stack.enter_context(private_redis(supervisor))
            stack.callback(supervisor.stop)
            for number in range(1, workers + 1):
                supervisor.add(f"worker-{number}", "worker")
            supervisor.add("scheduler", "scheduler")
            supervisor.add("web", "web", "--port", str(port))
            stopped = StopSignal()
            err.print(f"Tierline is up: http://localhost:{port}  ({workers} workers). Ctrl-C ends it.")
            tend(supervisor, stopped)


def tend(supervisor: Supervisor, stopped: StopSignal) -> None:
    """Keep the children alive until SIGINT or SIGTERM."""
    while not stopped():
        supervisor.tend()
        time.sleep(0.5)


class StopSignal:
    """Called, it tells whether this process was asked to end."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True

    def __call__(self) -> bool:
        return self.asked


def worker() -> None:
    """Run jobs from the queue (one process)."""
    with sentences():
        from admin.cli.django_setup import ready

        ready()
        from sync import jobs, queue  # noqa: F401 - the jobs are imported now, not with the first job

        gc.freeze()  # what is imported stays: a collection need not look through it each time

        queue.worker(queue.redis()).work(logging_level="WARNING")


def scheduler() -> None:
    """Queue what is due: runs that lost their worker, messages to try again, the daily run."""
    with sentences():
        from admin.cli.django_setup import ready

        ready()
        from sync import schedule

        schedule.loop(StopSignal())


def web(port: Port = 8000, host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1") -> None:
    """Serve the console."""
    with sentences():
        from admin.cli.django_setup import ready

        ready()
        import uvicorn

        try:
            uvicorn.run(
                "admin.asgi:application",
                host=host,
                port=port,
                log_level="warning",
                access_log=False,
                ws="none",
            )
        except SystemExit as end:
            if end.code:
                raise Stop(
                    f"The console cannot listen on {host}:{port}.",
                    "Choose another port: tierline web --port 8010",
                ) from None
        sys.exit(0)
