"""What the whole installation rests on: disk, database, keys, job queue, processes, mail."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import get_connection
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from redis import Redis

from admin import home
from admin.doctor.line import Line
from sync import queue, vault
from sync.models import Connection, Destination

#: Below this, or below twice what the mirror takes, a run may end for want of room: it keeps a second copy meanwhile.
ROOM = 1 << 30


def disk() -> Line:
    root = home.home()
    needed = max(ROOM, 2 * sum(path.stat().st_size for path in (root / "mirror").rglob("*") if path.is_file()))
    free = shutil.disk_usage(root).free
    if free >= needed:
        return Line("disk", f"{_size(free)} free under {root}")
    return Line(
        "disk",
        wrong=f"{_size(free)} are free under {root}; a run may need {_size(needed)}.",
        mend="Make room there, or set TIERLINE_HOME to a folder on a larger disk and move what is in it",
    )


def database() -> Line:
    """Reachable, and as new as this program."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:
        return Line(
            "database",
            wrong=f"It does not answer: {str(error).strip().splitlines()[0] if str(error).strip() else error!r}.",
            mend="Start it, or correct DATABASE_URL",
        )
    if pending:
        count = f"{len(pending)} change{'s' if len(pending) > 1 else ''}"
        return Line("database", wrong=f"It lacks {count} of this version.", mend="tierline runs (brings it up to date)")
    return Line("database", str(connection.settings_dict["NAME"]))


def vault_opens() -> Line:
    """Every stored secret can be read with the keys there are."""
    shut = []
    for name, sealed in [
        *Connection.objects.values_list("name", "credentials"),
        *Destination.objects.values_list("name", "sealed"),
    ]:
        try:
            vault.unseal(sealed)
        except vault.VaultLocked:
            shut.append(name)
    if not shut:
        return Line("keys", "every stored secret opens")
    return Line(
        "keys",
        wrong=f"The stored secrets of {', '.join(sorted(shut))} open with none of the keys.",
        mend="Put the former key back into TIERLINE_KEYS, or log in anew: tierline connection reconnect NAME",
    )


def queue_and_processes() -> Iterator[Line]:
    """The job queue, and whether somebody takes from it and puts into it."""
    try:
        redis = queue.redis()
    except queue.QueueUnreachable as error:
        said, _, advice = str(error).partition(". ")
        yield Line("job queue", wrong=f"{said}.", mend=advice or "tierline up")
        return
    yield Line("job queue", "answers")
    yield _workers(redis)
    beat = queue.last_beat(redis)
    ago = None if beat is None else time.time() - beat
    if ago is not None and ago < queue.BEAT_EVERY * 4:
        yield Line("scheduler", "at work")
    else:
        since = "has not been seen" if ago is None else f"was last seen {ago / 60:.0f} minutes ago"
        yield Line(
            "scheduler",
            wrong=f"The scheduler {since}: no daily run starts, and nothing is tried again.",
            mend="tierline up, or beside workers of your own: tierline scheduler",
        )


def _workers(redis: Redis) -> Line:
    hosts = queue.worker_hosts(redis)
    if not hosts:
        return Line(
            "workers", wrong="No worker is running, so nothing happens.", mend="tierline up, or: tierline worker"
        )
    if len(machines := sorted(set(hosts))) > 1:
        return Line(
            "workers",
            wrong=f"They run on {len(machines)} machines ({', '.join(machines)}), and the mirror lies on one: "
            "what one of them has read, the others do not find.",
            mend="Run all workers on one machine",
        )
    return Line("workers", f"{len(hosts)} on {hosts[0]}")


def mail() -> Line:
    """The mail server takes our call; nothing is sent."""
    place = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    server = get_connection(timeout=5)
    try:
        server.open()
        server.close()
    except (SMTPException, OSError) as error:
        return Line(
            "mail",
            wrong=f"The mail server {place} does not take our call: {error}.",
            mend="Start it, or correct TIERLINE_SMTP_HOST, _PORT, _USER, _PASSWORD and _TLS; what waits is kept",
        )
    return Line("mail", place)


def _size(count: int) -> str:
    return f"{count / (1 << 30):,.1f} GB"
