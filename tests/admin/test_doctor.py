"""`tierline doctor` names each fault with what mends it, and nothing where nothing is wrong."""

from __future__ import annotations

import json
import shutil
import time
from collections import namedtuple
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection as database
from django.utils import timezone
from redis import Redis
from typer.testing import CliRunner

from admin import doctor, portfolios
from admin.cli.main import app
from admin.doctor import machine
from admin.doctor.line import Line
from admin.supervisor import private_redis
from connectors.sandbox.background import serving
from connectors.sandbox.org.org import Org
from scoring import presets
from sync import mirror, queue, schedule, vault
from sync.models import Connection, Delivery, Portfolio, PublishedModel, Run
from tests.admin import console_cast as cast

pytestmark = pytest.mark.django_db
NOBODY = "redis://127.0.0.1:9/0"


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIERLINE_HOME", str(tmp_path))
    settings.REDIS_URL = NOBODY
    return tmp_path


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with private_redis() as url:
        yield url


@pytest.fixture
def redis(settings: Any, redis_url: str) -> Redis:
    settings.REDIS_URL = redis_url
    Redis.from_url(redis_url).flushall()
    return queue.redis()


def seen() -> dict[str, Line]:
    """By what was looked at; of several about one thing, the first that is wrong."""
    lines = sorted(doctor.examine(), key=lambda line: not line.wrong)
    return {line.what: line for line in reversed(lines)}


def test_with_nothing_set_up_it_says_where_to_begin() -> None:
    found = seen()
    assert "Nothing is connected yet." in found["CRM"].wrong
    assert "tierline connection add" in found["CRM"].mend
    assert (found["database"].wrong, found["keys"].wrong, found["mail"].wrong) == ("", "", "")


def test_the_command_ends_with_1_and_gives_the_same_to_a_program() -> None:
    said = CliRunner().invoke(app, ["doctor"], env={"COLUMNS": "300"})
    assert said.exit_code == 1
    assert "✗ job queue" in said.output
    assert "need you." in said.output
    told = CliRunner().invoke(app, ["doctor", "--json"])
    assert told.exit_code == 1
    rows = {row["what"]: row for row in json.loads(told.output.splitlines()[-1])}
    assert (rows["job queue"]["ok"], rows["database"]["ok"]) == (False, True)


def test_every_wrong_line_says_what_mends_it(people: cast.Cast) -> None:
    Run.objects.update(state=Run.State.FAILED, error="Salesforce does not answer.", next_step="")
    assert [line for line in doctor.examine() if line.wrong and not line.mend] == []


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 10, machine.ROOM - 1))
    assert "are free under" in machine.disk().wrong
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 10, machine.ROOM))
    assert machine.disk().wrong == ""


def test_a_database_of_an_earlier_version() -> None:
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sync' AND name > '0010'")
    found = seen()
    assert "It lacks" in found["database"].wrong
    assert "CRM" not in found, "nothing is asked of a database that lacks tables"


def test_keys_that_open_nothing_name_whose_secrets_they_were(people: cast.Cast, settings: Any) -> None:
    sealed = vault.seal({"client_secret": "s"})
    Connection.objects.update(credentials=sealed)
    assert machine.vault_opens().wrong == ""
    settings.VAULT_KEYS = [Fernet.generate_key().decode()]
    assert "production" in machine.vault_opens().wrong
    assert "TIERLINE_KEYS" in machine.vault_opens().mend


def test_workers_and_scheduler_that_are_not_there(redis: Redis) -> None:
    found = seen()
    assert found["job queue"].wrong == ""
    assert "No worker" in found["workers"].wrong
    assert "has not been seen" in found["scheduler"].wrong
    queue.beat(time.time() - 600)
    assert "10 minutes ago" in seen()["scheduler"].wrong


def test_workers_and_scheduler_at_work(redis: Redis) -> None:
    worker: Any = queue.worker(redis)
    worker.register_birth()
    rounds = iter([False, True])
    schedule.loop(lambda: next(rounds), pause=0)
    found = seen()
    assert (found["workers"].wrong, found["scheduler"].wrong) == ("", "")


def test_workers_on_two_machines(redis: Redis) -> None:
    for host in ("one", "two"):
        worker: Any = queue.worker(redis)
        worker.register_birth()
        redis.hset(worker.key, "hostname", host)
    assert "2 machines (one, two)" in seen()["workers"].wrong


def test_a_mail_server_that_is_away(settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend",
        "127.0.0.1",
        9,
    )
    assert "127.0.0.1:9 does not take our call" in machine.mail().wrong


def test_a_crm_that_is_away_and_one_whose_secret_is_shut(people: cast.Cast, settings: Any) -> None:
    Connection.objects.update(
        credentials=vault.seal({"instance_url": "http://127.0.0.1:9", "access_token": "t"}), settings={}
    )
    assert "cannot be reached" in seen()["production"].wrong
    settings.VAULT_KEYS = [Fernet.generate_key().decode()]
    assert seen()["production"].mend == "tierline connection reconnect production"


def test_a_crm_that_knows_us_and_lacks_our_fields(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Org.open(tmp_path / "org") as org, serving(org) as served:
        monkeypatch.setenv("TIERLINE_CLIENT_SECRET", served.facts["client_secret"])
        words = ["production", "--url", served.url, "--client-id", served.facts["client_id"]]
        assert CliRunner().invoke(app, ["connection", "add", *words]).exit_code == 0
        portfolios.publish(Portfolio.objects.get(), presets.path("default"))
        lines = list(doctor.examine())
        found = seen()
    assert [line.what for line in lines if "API calls used" in line.seen] == ["production"]
    assert "not in the CRM yet" in found["production fields"].wrong
    assert found["production fields"].mend == "tierline schema plan production"
    assert found["runs"].wrong == ""


def test_a_model_that_is_missing_or_unreadable(people: cast.Cast) -> None:
    PublishedModel.objects.update(text="name: [", fingerprint="other")
    assert "cannot be read" in seen()["model"].wrong
    cast.setup("other")
    Portfolio.objects.get(name="other").published_models.all().delete()
    found = seen()
    assert "has no published model" in found["other: model"].wrong
    assert "cannot be read" in found["production: model"].wrong


def test_a_mirror_that_is_gone_after_a_run(people: cast.Cast, home: Path) -> None:
    mirror.snapshot_path(people.portfolio.pk).unlink(missing_ok=True)
    assert seen()["mirror"].wrong
    Run.objects.update(state=Run.State.FAILED)
    assert seen()["mirror"].wrong == "", "nothing has been read yet"


@pytest.mark.parametrize(
    ("facts", "words", "mend"),
    [
        ({"state": "held", "held": [{"message": "Too many moves."}]}, "waits for approval: Too many", "run show"),
        ({"state": "failed", "error": "No answer.", "next_step": "Wait."}, "failed: No answer.", "Wait."),
        ({"state": "active", "touched_at": timezone.now() - timedelta(minutes=30)}, "stood still for 3", "up"),
        ({"state": "active", "touched_at": timezone.now()}, "", ""),
    ],
)
def test_runs_that_stand(people: cast.Cast, facts: dict[str, Any], words: str, mend: str) -> None:
    Run.objects.filter(pk=people.run.pk).update(**facts)
    line = seen()["runs"]
    assert bool(line.wrong) == bool(words)
    assert words in line.wrong
    assert mend in line.mend


def test_messages_that_wait_or_were_lost(people: cast.Cast) -> None:
    assert seen()["messages"].wrong == ""
    Delivery.objects.update(state="pending", created_at=timezone.now() - timedelta(hours=3))
    assert "1 due and not sent" in seen()["messages"].wrong
    Delivery.objects.update(state="failed")
    assert "1 could not be delivered" in seen()["messages"].wrong
