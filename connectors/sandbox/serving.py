"""How the sandbox's local web servers start and stop: a port of our own, signals, a vanished parent."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

HOST = "127.0.0.1"
_PARENT_CHECK_SECONDS = 0.5
_DRAIN_SECONDS = 5


class CannotServe(Exception):
    """The server cannot start. `message` says what is wrong, `next_step` what to do about it."""

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(f"{message} {next_step}")
        self.message = message
        self.next_step = next_step


def listen(port: int, what: str) -> socket.socket:
    """A listening socket on this machine; port 0 takes a free one. Raises CannotServe if it is taken."""
    # Named as TCP, or asyncio leaves Nagle's algorithm on, and every small answer waits 40 ms for an acknowledgement.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen(socket.SOMAXCONN)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise CannotServe(
            f"{what} cannot listen on {HOST}:{port}: {reason}.",
            "Choose another port, or 0 for a free one; or stop the program that uses it.",
        ) from None
    return listening


def ensure_writable(home: Path) -> None:
    """Create the directory if needed. Raises CannotServe if files cannot be made in it."""
    probe = home / f".writable-{os.getpid()}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotServe(
            f"{home} cannot be written: {error.strerror}.", "Choose a directory of your own with --home."
        ) from None


#: Connections that may still be open, by server.
_open: WeakKeyDictionary[ServerState, WeakSet[asyncio.Transport]] = WeakKeyDictionary()


class _Protocol(H11Protocol):
    """Shows the application its own connection, so that the fault plan can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        _open.setdefault(self.server_state, WeakSet()).add(transport)
        self.app_state = {**self.app_state, "transport": transport}


class LocalServer(uvicorn.Server):
    """Uvicorn that says when it listens and leaves the signals to `run`."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets=sockets)
        for transport in list(
            _open.pop(self.server_state, ())
        ):  # under TLS a client that left without a word is waited for half a minute
            transport.abort()
        await asyncio.sleep(0)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server(app: Any, on_started: Callable[[], None], certificate: tuple[Path, Path] | None = None) -> LocalServer:
    config = uvicorn.Config(
        app, http=_Protocol, lifespan="off", log_level="warning", access_log=False, server_header=False,
        date_header=False,
        ssl_certfile=certificate[0] if certificate else None,
        ssl_keyfile=certificate[1] if certificate else None,
        timeout_graceful_shutdown=_DRAIN_SECONDS, timeout_keep_alive=75, ws="none",
    )  # fmt: skip
    return LocalServer(config, on_started)


async def run(running: LocalServer, sockets: list[socket.socket], die_with_parent: bool) -> None:
    """Serve until SIGTERM, SIGINT, or - if asked - until the process that started us is gone."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        running.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    watch = asyncio.create_task(_watch_parent(stop)) if die_with_parent else None
    try:
        await running.serve(sockets=sockets)
    finally:
        if watch is not None:
            watch.cancel()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _watch_parent(stop: Callable[[], None]) -> None:
    # Asking is portable, and unlike the kernel's parent-death signal it does not fire when only the thread
    # that started us ends.
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(_PARENT_CHECK_SECONDS)
    stop()
