"""Who works on a run now.

A job takes the run's lease before it acts and checks it inside every transaction that records progress, so two
workers never advance one run, and a worker that was thought dead cannot record anything any more. The lease names
the process that holds it; on the same machine a lease of a process that no longer exists is void at once, from
another machine it ends by time.
"""

from __future__ import annotations

import os
import socket
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db.models import Q
from django.utils import timezone

from sync.models import Run

#: Longer than any job may take (jobs end after 60 s), so a live holder never loses its lease by time.
LEASE = timedelta(seconds=90)


class LeaseLost(Exception):
    """Another worker has taken over this run; what this one was about to record is void."""


def _born(pid: int) -> str:
    """Start time of a process in clock ticks: with the pid it names one process. Empty when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _here() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{_born(os.getpid())}"


def claim(run_id: int) -> str | None:
    """Take the lease of an active run; None when someone else has it."""
    token = f"{_here()}:{uuid.uuid4().hex[:8]}"
    now = timezone.now()
    free = Q(lease="") | Q(leased_until__lt=now)
    taken = (
        Run.objects.filter(free, pk=run_id, state=Run.State.ACTIVE)
        .filter(Q(not_before=None) | Q(not_before__lte=now))
        .update(lease=token, leased_until=now + LEASE)
    )
    return token if taken else None


def record(run_id: int, token: str, **values: Any) -> None:
    """Update the run, provided the lease is still ours; raises LeaseLost otherwise."""
    now = timezone.now()
    values |= {"leased_until": now + LEASE, "touched_at": now}
    if not Run.objects.filter(pk=run_id, lease=token).update(**values):
        raise LeaseLost(f"run {run_id}")


def release(run_id: int, token: str) -> None:
    Run.objects.filter(pk=run_id, lease=token).update(lease="", leased_until=None, touched_at=timezone.now())


def void_dead() -> list[int]:
    """Free the leases of processes of this machine that no longer exist; returns the runs freed."""
    freed = []
    for run in Run.objects.filter(state=Run.State.ACTIVE).exclude(lease=""):
        host, pid, born, _ = run.lease.rsplit(":", 3)
        gone = host == socket.gethostname() and _born(int(pid)) != born
        if gone and Run.objects.filter(pk=run.pk, lease=run.lease).update(lease="", leased_until=None):
            freed.append(run.pk)
    return freed
