"""Commands that serve until a person interrupts them."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def started(command: Sequence[str], env: Mapping[str, str], sign: str) -> Iterator[str]:
    """What the command says until it shows this sign. Then it serves; at the end it is interrupted and has to end."""
    popen = subprocess.Popen(
        command,
        env={**env, "PYTHONUNBUFFERED": "1"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield _said(popen, sign)
        os.killpg(popen.pid, signal.SIGINT)
        _ended(popen)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(popen.pid, signal.SIGKILL)  # only what is left of it; its children end with their parent
        popen.wait(10)
        if popen.stdout:
            popen.stdout.close()


def _ended(popen: subprocess.Popen[str]) -> None:
    """Wait for the end: each of its processes has ten seconds, and a busy machine takes longer."""
    try:
        popen.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        os.killpg(popen.pid, signal.SIGKILL)
        raise AssertionError(f"it does not end; since it was asked to it said: {popen.communicate()[0]}") from None


def _said(popen: subprocess.Popen[str], sign: str) -> str:
    said = ""
    for line in popen.stdout or ():
        said += line
        if sign in line:
            return said
    raise AssertionError(f"it ended: {said}")
