"""The state on PostgreSQL: the same job with the same result as on SQLite."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pgserver.postgres_server import get_server

from tests.admin.demos import Demo


@pytest.fixture
def server() -> Iterator[Any]:
    """A PostgreSQL of its own. Its user must be able to reach it, which pytest's own folder may keep from him."""
    with tempfile.TemporaryDirectory(prefix="tierline-postgres-") as folder:
        found = get_server(Path(folder) / "data", cleanup_mode="delete")
        yield found
        found.cleanup()


DIFFERENT = {"seconds", "run", "api_calls"}
OPTIONS = ("--accounts", "40", "--today", "2026-11-23")


def same(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if name not in DIFFERENT}


#: An installation from before digests, with messages in every state; brought to the newest version.
UPGRADE = """
from datetime import date
from admin.cli.django_setup import ready
ready()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

executor = MigrationExecutor(connection)
executor.migrate([("sync", "0006_digests")])
old = MigrationExecutor(connection).loader.project_state([("sync", "0006_digests")]).apps
portfolio = old.get_model("sync", "Portfolio").objects.create(name="old")
owner = old.get_model("sync", "Owner").objects.create(portfolio=portfolio, name="Mika", email="mika@example.com")
for rule in ("missing", "stale"):
    alert = old.get_model("sync", "Alert").objects.create(
        portfolio=portfolio, owner=owner, rule=rule, routed_because="", due_on=date(2026, 11, 27)
    )
    for channel, state, batch in (("email", "pending", "TL-both"), ("crm_task", "pending", ""), ("pager", "sent", "")):
        old.get_model("sync", "Delivery").objects.create(
            alert=alert, channel=channel, state=state, batch=batch, key=f"TL-{channel}-{rule}"
        )
ready(migrate=True)
from sync.models import Alert, Delivery
mail = Delivery.objects.get(channel="email")
assert (mail.key, mail.state, mail.owner.name, mail.alerts.count()) == ("TL-both", "pending", "Mika", 2), vars(mail)
assert set(Delivery.objects.filter(channel="crm_task").values_list("state", flat=True)) == {"needless"}
assert Delivery.objects.filter(state="sent").count() == 2
assert not Alert.objects.filter(told=False).exists()
"""


#: A worker there whose connections the database ends, as when it is restarted: one job fails of it, no more.
RESTART = """
import os
from admin.cli.django_setup import ready
ready()
import psycopg
from django.conf import settings
from admin.supervisor import private_redis
from sync import queue
from sync.models import Portfolio

portfolio = Portfolio.objects.get()
with psycopg.connect(os.environ["DATABASE_URL"]) as other:
    mine = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    assert other.execute(f"SELECT count(pg_terminate_backend(pid)) {mine}").fetchone() == (1,)
with private_redis() as settings.REDIS_URL:
    for _ in range(3):
        queue.enqueue("follow_up", portfolio.pk)
    queue.worker(queue.redis()).work(burst=True)
    assert queue.queue().failed_job_registry.count == 1
assert Portfolio.objects.get() == portfolio
"""


def upgrade(home: Path, **environment: str) -> None:
    script(UPGRADE, home, **environment)


def script(text: str, home: Path, **environment: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", text],
        env={**os.environ, "TIERLINE_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_job_ends_the_same_on_postgres_and_on_sqlite(server: Any, tmp_path: Path) -> None:
    on_postgres = Demo(tmp_path / "a", {"DATABASE_URL": server.get_uri()}, workers=2)
    with on_postgres.serving(*OPTIONS) as first:
        again = on_postgres.run_again("--today", "2026-11-23")
    server.psql("CREATE DATABASE old;")
    upgrade(tmp_path / "c", DATABASE_URL=server.get_uri("old"))
    script(RESTART, tmp_path / "c", DATABASE_URL=server.get_uri("old"))
    on_sqlite = Demo(tmp_path / "b", {"DATABASE_URL": ""})
    assert same(first) == same(on_sqlite.run(*OPTIONS))
    assert (again["records_written"], again["findings"]) == (0, first["findings"])


#: What people do between runs: answers by signed links, which are spent once, and what goes further up by the clock.
PEOPLE = (
    "tests/sync/test_fix_links.py::test_from_mail_to_crm_and_back_without_a_login",
    "tests/sync/test_fix_links.py::test_an_expired_or_used_link_offers_a_new_one_by_mail",
    "tests/sync/test_escalation.py::test_what_lies_goes_to_the_manager_the_models_owner_and_the_administrator_once_each",
)


def test_answers_and_escalation_work_on_postgres(server: Any, tmp_path: Path) -> None:
    own = f"--basetemp={tmp_path / 'tests'}"  # else it would take away what other tests have made
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", own, *PEOPLE],
        env={**os.environ, "TESTED_DATABASE_URL": server.get_uri()},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert f"{len(PEOPLE)} passed" in done.stdout
