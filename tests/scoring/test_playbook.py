"""The playbook: what it says of a tier, and contacts that are overdue by it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from scoring import pipeline, playbook, quality
from scoring.model.errors import ModelError
from scoring.model.playbook import of_tier
from scoring.quality import Checked, Finding
from tests.scoring.frames import DAY, accounts, customer, default

PLAYBOOK = {
    "baseline": {"contact_days": 90, "reply_hours": 48, "terms_days": 30},
    "platinum": {"contact_days": 14, "seniority": "key account manager", "text": "Visit twice a year."},
    "bronze": "Served by the web shop.",
}
MODEL = default(playbook=PLAYBOOK)


def overdue(*rows: dict[str, Any], using: Any = MODEL, as_of: date = DAY) -> list[Finding]:
    """Rows: tier in the CRM, date of the last contact, and columns of the account."""
    frame = accounts(*(customer(100 + n, last_activity_on=row.get("last")) for n, row in enumerate(rows)), using=using)
    scores = pipeline.score(frame, using, pipeline.calibrate(frame, using, as_of), as_of)
    held = [
        {"id": frame["account_id"][n], "name": frame["name"][n], "owner_id": "U1", "own_tier": row["tier"], **row}
        for n, row in enumerate(rows)
    ]
    found = quality.check(Checked({"account": pd.DataFrame(held)}, scores, using, as_of, as_of))
    return [each for each in found if each.rule == "cadence_missed"]


def test_a_tier_refines_the_baseline_and_plain_text_stays_valid() -> None:
    told = {tier: playbook.text(play) if (play := of_tier(MODEL.playbook, tier)) else None for tier in (*PLAYBOOK, "")}
    assert told["platinum"] == (
        "Contact every 14 days. Answer within 48 hours. Looked after by: key account manager. "
        "Payment within 30 days. Visit twice a year."
    )
    assert told["bronze"] == (
        "Contact every 90 days. Answer within 48 hours. Payment within 30 days. Served by the web shop."
    )
    assert told[""] is None
    plain = default(playbook={"bronze": "Served by the web shop."})
    assert of_tier(plain.playbook, "gold") is None
    bronze = of_tier(plain.playbook, "bronze")
    assert bronze
    assert playbook.text(bronze) == "Served by the web shop."


def test_an_unknown_tier_is_an_error_that_names_the_tiers() -> None:
    with pytest.raises(ModelError, match="platinum"):
        default(playbook={"platnum": {"contact_days": 14}})


def test_a_last_contact_older_than_the_cadence_of_the_tier_is_found() -> None:
    rows = [{"tier": "platinum", "last": "2026-09-21"}, {"tier": "gold", "last": "2026-09-21"}]
    (found,) = overdue(*rows)
    assert (found.record_id, found.severity, found.owner_id, found.value) == ("A00000", "low", "U1", "2026-09-21")
    assert found.message == (
        "Account 0 is Platinum, which means a contact every 14 days; on 2026-11-01 the last one was 41 days ago."
    )


def test_exactly_the_cadence_is_not_too_late() -> None:
    assert overdue({"tier": "platinum", "last": "2026-10-18"}) == []
    assert len(overdue({"tier": "platinum", "last": "2026-10-17"})) == 1


def test_a_customer_without_any_contact_is_found_once_its_record_is_older_than_the_cadence() -> None:
    known = {"tier": "gold", "last": "2026-10-20"}
    (found,) = overdue(
        known,
        {"tier": "gold", "created_at": "2026-01-01T08:00:00Z"},
        {"tier": "gold", "created_at": pd.Timestamp("2026-10-01", tz="UTC")},
    )
    assert found.record_id == "A00001"
    assert found.message.endswith("on 2026-11-01 none was on record.")


def test_without_contacts_or_without_cadence_nothing_is_overdue() -> None:
    assert overdue({"tier": "platinum"}, {"tier": "gold"}) == []
    plain = default(playbook={"platinum": "Visit every month."})
    assert overdue({"tier": "platinum", "last": "2020-01-01"}, using=plain) == []


def test_the_last_contact_is_kept_with_the_score_only_where_a_cadence_asks_for_it() -> None:
    frame = accounts(customer(100, last_activity_on="2026-09-21"), customer(90))
    for model, days in ((MODEL, ["2026-09-21", None]), (default(), [None, None])):
        table = pipeline.score(frame, model, pipeline.calibrate(frame, model, DAY), DAY)
        assert table["last_contact_on"].tolist() == days
