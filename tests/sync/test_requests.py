"""What people ask for in the record itself reaches the console with the next run, and goes when they take it back."""

from __future__ import annotations

from pathlib import Path

from django.contrib.auth import get_user_model
from django.test import Client

from admin import schema
from sync import starting
from sync.models import AccountState, Override, Run
from tests.sync.stage import Stage

REQUEST, COMMENT, TIER = "Tierline_Request__c", "Tierline_Request_Comment__c", "Tierline_Tier__c"


def test_a_request_is_listed_while_it_stands_and_moves_nothing(after_run: Stage, tmp_path: Path) -> None:
    after_run.publish(("\nguard: ", "\nrequests: {enabled: true}\nguard: "), folder=tmp_path)
    schema.apply(after_run.connection, schema.plan(after_run.connection))
    after_run.run()
    account = AccountState.objects.filter(tier="bronze").first()
    assert account is not None
    after_run.org.update("Account", [{"Id": account.record_id, REQUEST: "dispute", COMMENT: "They pay on time"}])
    batch = after_run.work(starting.create(after_run.portfolio, "test", kind=Run.Kind.INCREMENTAL))
    assert batch.state == Run.State.DONE, batch.error
    asked = Override.objects.get(field="request", state=Override.State.REQUESTED)
    assert (asked.account, asked.value, asked.computed) == (account, "Tier is wrong: They pay on time", "bronze")
    assert not batch.changes.exists()
    console = Client()
    console.force_login(get_user_model().objects.create_user("Anna"))
    page = console.get("/overrides").content.decode()
    assert "Tier is wrong: They pay on time" in page
    assert "tl-tier_bronze" in page
    after_run.org.update("Account", [{"Id": account.record_id, REQUEST: None, COMMENT: None}])
    after_run.run()
    asked.refresh_from_db()
    assert asked.state == Override.State.WITHDRAWN
