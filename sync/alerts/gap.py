"""What a gap in the data costs: the accounts it is about, and what they bought."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from scoring.money import SCALE
from sync import labels
from sync.matching import matches
from sync.models import AccountState, Alert, Finding, Portfolio
from sync.rows import portions

#: Connection and record id of an account.
Account = tuple[int, str]


@dataclass(frozen=True)
class Gap:
    """Revenue (scaled) of every account that open findings are about, and what it comes to in a sentence.

    The sentence is "" where no revenue is known.
    """

    revenue: Mapping[Account, int]
    sentence: str


def behind(portfolio: Portfolio, alerts: Sequence[Alert]) -> Gap:
    """What the open findings of these alerts are about."""
    found = Finding.objects.filter(alert__in=alerts, state__in=Finding.WAITING).exclude(account_id="")
    accounts = set(found.values_list("connection", "account_id"))
    revenue = _revenue(accounts)
    return Gap(revenue, _sentence(portfolio, sum(revenue.values()), len(accounts)))


def by_owner(portfolio: Portfolio, rule: str = "", owners: Collection[int] | None = None) -> dict[int, int]:
    """Revenue (scaled) behind what waits for each person, of all people or of these; only of a rule where one is named.

    A company counts once for a person, also where both of its records in two CRMs have findings.
    """
    found = Finding.objects.filter(alert__portfolio=portfolio, state__in=Finding.WAITING).exclude(account_id="")
    if rule:
        found = found.filter(rule=rule)
    if owners is not None:
        found = found.filter(alert__owner__in=owners)
    pairs = matches.confirmed(portfolio).values_list("second", "second_record", "first", "first_record")
    lead = {(second, record): (first, led) for second, record, first, led in pairs}
    wanted: dict[int, set[Account]] = {}
    for owner, connection, account in found.values_list("alert__owner", "connection", "account_id").distinct():
        wanted.setdefault(owner, set()).add(lead.get((connection, account), (connection, account)))
    revenue = _revenue(set().union(*wanted.values()))
    return {owner: sum(revenue.get(each, 0) for each in accounts) for owner, accounts in wanted.items()}


def _revenue(accounts: Iterable[Account]) -> dict[Account, int]:
    by_connection: dict[int, list[str]] = {}
    for connection, account in accounts:
        by_connection.setdefault(connection, []).append(account)
    revenue: dict[Account, int] = {}
    for connection, records in by_connection.items():
        for some in portions(sorted(records)):
            scored = AccountState.objects.filter(connection=connection, record_id__in=some)
            for account, amount in scored.values_list("record_id", "score__result__revenue"):
                revenue[connection, account] = amount or 0
    return revenue


def _sentence(portfolio: Portfolio, revenue: int, count: int) -> str:
    names = labels.labels(portfolio)
    if not revenue or names.model is None:
        return ""
    accounts = "1 account, which" if count == 1 else f"{count:,} accounts, which"
    return (
        f"Behind it {'is' if count == 1 else 'are'} {accounts} bought for {round(revenue / SCALE):,} "
        f"{names.model.currency} in {names.model.value.windows.months} months."
    )
