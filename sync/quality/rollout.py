"""How far the mandatory values are: what is filled, who has how many to fill, and when the CRM may begin to refuse."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from scoring.model.mandatory import Requirement
from sync import outputs
from sync.alerts import ways
from sync.models import AccountState, Connection, Finding

#: Days over which the pace is taken.
PACE = 28


@dataclass(frozen=True)
class Share:
    """An owner's part: accounts in scope, and those of them that lack a value."""

    name: str
    email: str
    accounts: int
    missing: int

    @property
    def filled(self) -> float:
        return 1 - self.missing / self.accounts


@dataclass(frozen=True)
class Rollout:
    """One requirement of the model in one CRM.

    Attributes:
        accounts: in scope; missing: of them, those that lack one of the values.
        needed: share that has to be filled before the CRM refuses; `short` accounts are still to be filled for that.
        pace: accounts filled a week, net of those that became empty, over the last four; None before there are four.
        reached_on: when `needed` is reached at that pace; None where it is already, or never.
        owners: whose accounts lack values, most first.
    """

    requirement: Requirement
    accounts: int
    missing: int
    needed: float
    short: int
    pace: float | None
    reached_on: date | None
    owners: tuple[Share, ...]

    @property
    def filled(self) -> float:
        return 1 - self.missing / self.accounts if self.accounts else 0.0

    @property
    def may_begin(self) -> str:
        """When the next stage may be switched on, in words."""
        if not self.accounts:
            return "Nothing is known before the first run."
        if not self.short:
            return "Enough is filled: the CRM may refuse from now on."
        left = f"{self.short:,} more {'account' if self.short == 1 else 'accounts'} to fill"
        if self.pace is None:
            return f"{left}; the pace is known after four weeks."
        if self.reached_on is None:
            return f"{left}; at the pace of the last four weeks it is never reached."
        return f"{left}; about {self.reached_on} at the pace of the last four weeks ({self.pace:.0f} a week)."


def progress(connection: Connection) -> list[Rollout]:
    """Every requirement of the model in force, in its order."""
    published = connection.portfolio.model_in_force()
    if published is None:
        return []
    mandatory = outputs.model(published).mandatory
    if not mandatory.requirements:
        return []
    held = AccountState.objects.filter(connection=connection, in_scope=True).values_list("owner_record_id", "current")
    rows = [(owner, {key for key, value in current.items() if value}) for owner, current in held.iterator(5000)]
    names = {key: (person.name, person.email) for key, person in ways.users(connection).items()} if rows else {}
    return [_of(each, connection, rows, names, mandatory.backfill) for each in mandatory.requirements]


def _of(
    requirement: Requirement,
    connection: Connection,
    rows: list[tuple[str, set[str]]],
    names: Mapping[str, tuple[str, str]],
    needed: float,
) -> Rollout:
    accounts: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    for owner, filled in rows:
        accounts[owner] += 1
        missing[owner] += not filled.issuperset(requirement.values)
    lacking = missing.total()
    short = max(math.ceil(needed * len(rows) - 1e-9) - (len(rows) - lacking), 0)
    pace = _pace(connection, requirement.values)
    owners = [
        Share(*names.get(owner, ("nobody", "")), accounts[owner], count) for owner, count in missing.items() if count
    ]
    owners.sort(key=lambda each: (-each.missing, each.name))
    reached = timezone.localdate() + timedelta(weeks=short / pace) if short and pace and pace > 0 else None
    return Rollout(requirement, len(rows), lacking, needed, short, pace, reached, tuple(owners))


def _pace(connection: Connection, values: Collection[str]) -> float | None:
    """Accounts a week that were filled, less those that became empty; None while findings are younger than that."""
    found = Finding.objects.filter(connection=connection, rule="missing", kind="account", field__in=values)
    since = timezone.now() - timedelta(days=PACE)
    first = found.order_by("opened_at").values_list("opened_at", flat=True).first()
    if first is None or first > since:
        return None
    filled = found.filter(state=Finding.State.RESOLVED, resolved_at__gte=since).values("record_id").distinct().count()
    still = found.exclude(state=Finding.State.RESOLVED)
    emptied = still.filter(opened_at__gte=since).values("record_id").distinct().count()
    return (filled - emptied) * 7 / PACE
