"""One portfolio as a run leaves it: accounts of every kind, a finished run, alerts, edits by people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model

from scoring import calibration as fitting
from scoring import presets
from scoring.rfm import Rfm
from scoring.tiers import Cuts
from scoring.value import ValueScale
from sync.models import (
    AccountState,
    Alert,
    Calibration,
    Change,
    Connection,
    Delivery,
    Finding,
    Override,
    Owner,
    Portfolio,
    PublishedModel,
    Run,
    Score,
    TierMove,
)

PASSWORD = "correct horse battery"
ORG = "https://acme.my.salesforce.com"
AS_OF = date(2026, 11, 1)
STARTED = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
RUN_COUNTS = {
    "accounts_read": 1000,
    "accounts_in_scope": 938,
    "accounts_scored": 938,
    "records_written": 1902,
    "records_verified": 1895,
    "records_failed": 7,
    "records_superseded": 3,
    "findings": 147,
    "alerts": 9,
    "filled": {"segment": 61, "value_profile": 388},
    "tiers": {"bronze": 216, "gold": 189, "platinum": 131, "silver": 402},
}
REASONS = [
    {"text": "412,000 EUR gross margin in 12 months", "sign": "+", "weight": 31},
    {"text": "14 expedited orders in 12 months", "sign": "-", "weight": 9},
]


@dataclass(frozen=True)
class Cast:
    """The rows by what they are for."""

    portfolio: Portfolio
    connection: Connection
    model: PublishedModel
    calibration: Calibration
    run: Run
    gold: AccountState
    without_orders: AccountState
    outside: AccountState
    alert: Alert


def user(name: str, *, staff: bool = False) -> Any:
    """A person who can log in with PASSWORD."""
    return get_user_model().objects.create_user(name, password=PASSWORD, is_staff=staff)


def result(account_id: str, **facts: Any) -> dict[str, Any]:
    """A row of the score table, as it is stored with a score."""
    row: dict[str, Any] = {
        "account_id": account_id,
        "in_scope": True,
        "scope_reason": "",
        "has_orders": True,
        "value_basis": "margin",
        "revenue": 12_500_000_000,
        "margin": 4_120_000_000,
        "value_score": 78.4,
        "cost": 1_277_200_000,
        "cost_to_serve": 31.0,
        "position": ["high", "high"],
        "nearest": "Platinum with 30,000 EUR less cost to serve",
        "recency": 5,
        "frequency": 4,
        "monetary": 5,
        "rfm": 5,
        "tier": "gold",
        "segment": "energy",
        "sub_segment": "power_producers",
        "value_profile": "uptime_first",
        "segment_why": "Industry is Energy",
        "sub_segment_why": "Industry is Energy",
        "value_profile_why": "Operation mode is 24/7 and business model is Owner-operator",
        "reasons": REASONS,
        "short_reason": "High value, high cost to serve",
        "missing": [],
        "risks": ["Overdue: 2 invoices, 1,200 EUR"],
    }
    return row | facts


def account(connection: Connection, run: Run, calibration: Calibration, name: str, **facts: Any) -> AccountState:
    """An account with its published score. `facts` go into the score; `current` and `written` into the account."""
    number = AccountState.objects.count() + 1
    record_id = f"001{number:012d}AAA"
    row = result(record_id, **{key: value for key, value in facts.items() if key not in ("current", "written")})
    tier = row["tier"] or ""
    held = {
        "segment": row["segment"],
        "segment_source": "rule" if row["segment"] else None,
        "segment_date": "2026-11-01" if row["segment"] else None,
        "value_profile": "growth_partner" if row["segment"] else None,
        "tier": tier or None,
        "tier_since": "2026-03-01" if tier else None,
    }
    state = AccountState.objects.create(
        connection=connection,
        record_id=record_id,
        name=name,
        owner_record_id="005000000000001AAA",
        in_scope=row["in_scope"],
        tier=tier,
        tier_since=date(2026, 3, 1) if tier else None,
        segment=row["segment"] or "",
        value_score=row["value_score"],
        current=facts.get("current", held),
        written=facts.get("written", {"segment": row["segment"], "tier": tier or None}),
        seen_in=run,
    )
    state.score = Score.objects.create(
        account=state,
        run=run,
        model=run.model,
        calibration=calibration,
        as_of=AS_OF,
        tier=tier,
        value_score=row["value_score"],
        cost_to_serve=row["cost_to_serve"],
        digest=record_id,
        result=row,
    )
    state.save()
    return state


def change(run: Run, account: AccountState, state: str, **facts: Any) -> Change:
    """What a run wanted to write to an account."""
    return Change.objects.create(
        run=run,
        connection=account.connection,
        kind="account",
        record_id=account.record_id,
        record_name=account.name,
        before={"Tierline_Tier__c": "silver"},
        after={"Tierline_Tier__c": "gold", "Tierline_Tier_Reason__c": "High value, high cost to serve"},
        state=state,
        **facts,
    )


def setup(name: str = "production") -> tuple[Portfolio, Connection, PublishedModel, Calibration]:
    """A portfolio with a CRM and a published model; nothing has run."""
    portfolio = Portfolio.objects.create(name=name)
    connection = Connection.objects.create(
        portfolio=portfolio, name=name, kind="salesforce", identity={"instance_url": ORG, "org_name": "Acme"}
    )
    path = presets.path("default")
    text = path.read_text(encoding="utf-8")
    model = PublishedModel.objects.create(
        portfolio=portfolio, fingerprint=presets.load("default").fingerprint(), text=text, source=str(path)
    )
    fitted = fitting.Calibration(AS_OF.isoformat(), 0, ValueScale(), Rfm(), Cuts())
    calibration = Calibration.objects.create(model=model, as_of=AS_OF, payload=fitted.to_json())
    return portfolio, connection, model, calibration


def build() -> Cast:
    """The whole cast, after one finished run."""
    portfolio, connection, model, calibration = setup()
    run = Run.objects.create(
        portfolio=portfolio,
        model=model,
        calibration=calibration,
        today=date(2026, 11, 23),
        as_of=AS_OF,
        state=Run.State.DONE,
        step=Run.Step.ALERTS,
        counts=RUN_COUNTS,
        api_calls=61,
        requested_by="scheduler",
        finished_at=STARTED,
    )
    Run.objects.filter(pk=run.pk).update(started_at=STARTED, finished_at=STARTED + timedelta(seconds=372))
    run.refresh_from_db()
    gold = account(connection, run, calibration, "Kone Power Oy")
    without = account(
        connection,
        run,
        calibration,
        "Nordgas AS",
        has_orders=False,
        value_basis=None,
        revenue=0,
        margin=None,
        value_score=0.0,
        cost_to_serve=None,
        tier="bronze",
        reasons=[],
    )
    names = ("segment", "sub_segment", "value_profile")
    nothing = {**dict.fromkeys(["tier", "value_score", *names]), **{f"{name}_why": "" for name in names}}
    outside = account(
        connection,
        run,
        calibration,
        "Old Partner Ltd",
        in_scope=False,
        scope_reason="Not a customer (type is Partner)",
        cost_to_serve=None,
        reasons=[],
        **nothing,
    )
    change(run, gold, Change.State.VERIFIED)
    change(
        run,
        without,
        Change.State.REJECTED,
        code="UNABLE_TO_LOCK_ROW",
        message="Locked by another process, 5 tries.",
        next_step="The next run sends it again.",
    )
    change(run, outside, Change.State.SUPERSEDED, message="Tier was changed to Platinum while the run was at work.")
    Override.objects.create(account=gold, field="tier", value="platinum", computed="gold", run=run)
    alert = alerts(portfolio, connection, run, gold, without)
    return Cast(portfolio, connection, model, calibration, run, gold, without, outside, alert)


def alerts(portfolio: Portfolio, connection: Connection, run: Run, *accounts: AccountState) -> Alert:
    """One open alert of one person, with a finding on each account; and one that is resolved."""
    mika = Owner.objects.create(
        portfolio=portfolio,
        connection=connection,
        record_id="005000000000001AAA",
        name="Mika Laine",
        email="mika@example.com",
    )
    anna = Owner.objects.create(portfolio=portfolio, name="Anna Berg", email="anna@example.com")
    because = "You own the record in the CRM."
    alert = Alert.objects.create(
        portfolio=portfolio, owner=mika, rule="missing", routed_because=because, due_on=date(2026, 11, 27)
    )
    Alert.objects.create(
        portfolio=portfolio,
        owner=anna,
        rule="owner_inactive",
        routed_because=because,
        due_on=date(2026, 11, 20),
        state=Alert.State.RESOLVED,
        resolved_at=STARTED,
    )
    for each in accounts:
        finding(connection, run, alert, each)
    sent = Delivery.objects.create(
        owner=mika, channel="email", key=f"TL-{alert.pk}", state=Delivery.State.SENT, sent_at=STARTED
    )
    sent.alerts.add(alert)
    return alert


def finding(connection: Connection, run: Run, alert: Alert, account: AccountState, rule: str = "missing") -> Finding:
    return Finding.objects.create(
        connection=connection,
        rule=rule,
        kind="account",
        record_id=account.record_id,
        record_name=account.name,
        account_id=account.record_id,
        owner_record_id="005000000000001AAA",
        field="value_profile",
        severity="medium",
        message="Value profile is missing.",
        fix="Set the field Value profile; Tierline suggests Uptime first.",
        alert=alert,
        due_on=date(2026, 11, 27),
        last_run=run,
    )


def moves(people: Cast) -> tuple[TierMove, TierMove]:
    """Two moves that wait for the review round, the more valuable account first."""

    def waiting(account: AccountState, before: str, after: str) -> TierMove:
        facts = {"before": before, "after": after, "why": "Value grew by a third in 12 months"}
        return TierMove.objects.create(account=account, run=people.run, as_of=date(2026, 12, 1), **facts)

    return waiting(people.gold, "gold", "platinum"), waiting(people.without_orders, "bronze", "silver")


def proposal(people: Cast) -> Calibration:
    """A calibration that is proposed, with what it would move."""
    account = {"id": people.gold.record_id, "name": "Kone Power Oy", "from": "gold", "to": "platinum"}
    other = {"id": people.without_orders.record_id, "name": "Nordgas AS", "from": "bronze", "to": "silver"}
    money = {"owner": "Mika Laine", "deals": 3, "open_amount": 340_000_000, "revenue": 12_500_000_000}
    nothing = {"owner": "Anna Berg", "deals": 0, "open_amount": 0, "revenue": 0}
    comparison = {
        "customers": 938,
        "moves": {"gold > platinum": 1, "bronze > silver": 1},
        "accounts": [account | money, other | nothing],
        "owners": [
            {"name": "Anna Berg", "accounts": 1, "deals": 0, "open_amount": 0},
            {"name": "Mika Laine", "accounts": 1, "deals": 3, "open_amount": 340_000_000},
        ],
        "deals": {"count": 3, "amount": 340_000_000},
        "shares": {
            "before": {"platinum": 0.14, "gold": 0.2, "silver": 0.43, "bronze": 0.23},
            "after": {"platinum": 0.15, "gold": 0.19, "silver": 0.44, "bronze": 0.22},
        },
        "beside": [
            {"name": "Business unit Marine", "customers": 20, "moves": {"gold > silver": 2}}
            | {"gaining": 1, "losing": 0, "is_new": False, "is_gone": False},
            {"name": "Groups", "customers": 6, "moves": {}}
            | {"gaining": 0, "losing": 0, "is_new": False, "is_gone": False},
        ],
    }
    return Calibration.objects.create(
        model=people.model,
        as_of=date(2027, 1, 1),
        payload=people.calibration.payload,
        state=Calibration.State.PROPOSED,
        comparison=comparison,
    )
