"""What a gap in the data costs: the accounts it is about, and what they bought."""

from __future__ import annotations

from collections.abc import Sequence

from scoring.fields import SCALE
from sync import labels
from sync.models import AccountState, Alert, Finding, Portfolio
from sync.rows import portions


def sentence(portfolio: Portfolio, alerts: Sequence[Alert]) -> str:
    """Accounts and revenue behind the open findings of these alerts, in a sentence; "" where no revenue is known."""
    found = Finding.objects.filter(alert__in=alerts, state__in=Finding.WAITING).exclude(account_id="")
    by_connection: dict[int, set[str]] = {}
    for connection, account in found.values_list("connection", "account_id"):
        by_connection.setdefault(connection, set()).add(account)
    revenue = 0
    for connection, accounts in by_connection.items():
        for some in portions(sorted(accounts)):
            scored = AccountState.objects.filter(connection=connection, record_id__in=some)
            revenue += sum(amount or 0 for amount in scored.values_list("score__result__revenue", flat=True))
    names = labels.labels(portfolio)
    if not revenue or names.model is None:
        return ""
    count = sum(map(len, by_connection.values()))
    behind = "1 account, which" if count == 1 else f"{count:,} accounts, which"
    return (
        f"Behind it {'is' if count == 1 else 'are'} {behind} bought for {round(revenue / SCALE):,} "
        f"{names.model.currency} in {names.model.value.windows.months} months."
    )
