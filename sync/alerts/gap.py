"""What a gap in the data costs: the accounts it is about, and what they bought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scoring.money import SCALE
from sync import labels
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
    by_connection: dict[int, set[str]] = {}
    for connection, account in found.values_list("connection", "account_id"):
        by_connection.setdefault(connection, set()).add(account)
    revenue: dict[Account, int] = {}
    for connection, accounts in by_connection.items():
        for some in portions(sorted(accounts)):
            scored = AccountState.objects.filter(connection=connection, record_id__in=some)
            for account, amount in scored.values_list("record_id", "score__result__revenue"):
                revenue[connection, account] = amount or 0
    return Gap(revenue, _sentence(portfolio, sum(revenue.values()), sum(map(len, by_connection.values()))))


def _sentence(portfolio: Portfolio, revenue: int, count: int) -> str:
    names = labels.labels(portfolio)
    if not revenue or names.model is None:
        return ""
    accounts = "1 account, which" if count == 1 else f"{count:,} accounts, which"
    return (
        f"Behind it {'is' if count == 1 else 'are'} {accounts} bought for {round(revenue / SCALE):,} "
        f"{names.model.currency} in {names.model.value.windows.months} months."
    )
