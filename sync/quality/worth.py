"""Open findings by the money behind them, what one person can mend in one go taken together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.money import SCALE
from scoring.quality.values import tested
from sync import labels, mirror
from sync.models import AccountState, Finding, Portfolio
from sync.rows import portions

Key = tuple[str, ...]
#: Rules of which equal values are one thing to mend: a word, a product, a colleague who left.
_TOGETHER = frozenset({"unknown_label", "unknown_product", "owner_inactive", "not_in_list"})
#: Records whose own amount is behind a finding on them; else it is what the account bought.
_WITH_AMOUNT = ("opportunity", "order")


@dataclass(frozen=True)
class Worth:
    """One thing to mend: the finding with most money, how many it stands for, and the money behind all of them.

    `money` is in whole units of the model's currency, without converting amounts of deals. `owners` counts the people
    whom these findings went to.
    """

    finding: Finding
    count: int
    money: int
    owners: int

    @property
    def others(self) -> str:
        """What else it stands for, "" for nothing."""
        left = self.count - 1
        with_them = f", at {self.owners - 1:,} more owner{'s' if self.owners > 2 else ''}" if self.owners > 1 else ""
        return f"{left:,} more finding{' goes' if left == 1 else 's go'} with it{with_them}" if left else ""


def top(portfolio: Portfolio, number: int) -> list[Worth]:
    """The most valuable ones first; equal ones by severity, then those that stand for most."""
    found = list(
        Finding.objects.filter(connection__portfolio=portfolio, state__in=Finding.WAITING)
        .select_related("alert__owner")
        .order_by("pk")
    )
    money, causes = _money(portfolio, found), _Causes(portfolio, found)
    groups: dict[Key, list[Finding]] = {}
    for each in found:
        groups.setdefault(causes.of(each), []).append(each)
    rows = []
    for some in groups.values():
        first = max(some, key=lambda each: (each.rule in _TOGETHER, money[each.pk], -each.pk))
        once = {(each.kind, each.record_id): money[each.pk] for each in some}
        owners = {each.alert.owner_id for each in some if each.alert}
        rows.append(Worth(first, len(some), round(sum(once.values()) / SCALE), len(owners)))
    rank = {severity: place for place, severity in enumerate(("high", "medium", "low"))}
    return sorted(rows, key=lambda row: (-row.money, rank[row.finding.severity], -row.count, row.finding.pk))[:number]


class _Causes:
    """What each finding is mended by: its own record, or what it shares with others.

    A value is missing because of the one it depends on, or of a word that no rule knows, where there is one.
    """

    def __init__(self, portfolio: Portfolio, found: Sequence[Finding]) -> None:
        self._model = labels.labels(portfolio).model
        self._words = {
            (each.connection_id, each.account_id, each.field): _own(each)
            for each in found
            if each.rule == "unknown_label"
        }
        self._without = {(each.connection_id, each.account_id) for each in found if _lacks(each, "segment")}

    def of(self, each: Finding) -> Key:
        if each.rule != "missing" or self._model is None:
            return _own(each)
        output = each.field
        if output == "sub_segment" and (each.connection_id, each.account_id) in self._without:
            output = "segment"
        for name in tested(self._model, output):
            if cause := self._words.get((each.connection_id, each.account_id, name)):
                return cause
        return (str(each.connection_id), each.rule, each.kind, each.record_id, output)


def _own(each: Finding) -> Key:
    shared: Key = (each.kind, each.record_id, each.field)
    if each.rule in _TOGETHER:
        shared = (each.kind, each.value, each.field)
    elif not each.account_id:  # such as deals without an account: one habit, or one import, left them so
        shared = (each.kind, each.field)
    return (str(each.connection_id), each.rule, *shared)


def _lacks(each: Finding, output: str) -> bool:
    return each.rule == "missing" and each.field == output


def _money(portfolio: Portfolio, found: Sequence[Finding]) -> dict[int, int]:
    """What is behind each finding (1/10,000), by its key."""
    amounts = _amounts(portfolio, {(each.kind, each.record_id) for each in found if each.kind in _WITH_AMOUNT})
    bought = _bought(portfolio)
    owned: dict[str, int] = {}
    for owner, revenue in bought.values():
        owned[owner] = owned.get(owner, 0) + revenue
    worth = {}
    for each in found:
        revenue = bought.get(each.account_id, ("", 0))[1]
        own = owned.get(each.record_id, 0) if each.kind == "user" else revenue
        worth[each.pk] = amounts.get((each.kind, each.record_id), own)
    return worth


def _amounts(portfolio: Portfolio, records: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Amounts of these deals and orders, as far as they have one."""
    found: dict[tuple[str, str], int] = {}
    if not records:
        return found
    with mirror.reading(portfolio.pk, *_WITH_AMOUNT) as tables:
        for kind, table in tables.items():
            ids = sorted(record for each, record in records if each == kind)
            for some in portions(ids) if "amount" in table.columns else ():
                rows = table.filter(table.id.isin(list(some)) & table.amount.notnull()).select("id", "amount")
                found |= {(kind, row["id"]): abs(row["amount"]) for row in rows.to_pyarrow().to_pylist()}
    return found


def _bought(portfolio: Portfolio) -> dict[str, tuple[str, int]]:
    """Owner and revenue of every customer."""
    states = AccountState.objects.filter(connection__portfolio=portfolio, in_scope=True)
    rows = states.values_list("record_id", "owner_record_id", "score__result__revenue").iterator(chunk_size=5000)
    return {record: (owner, revenue or 0) for record, owner, revenue in rows}


def currency(portfolio: Portfolio) -> str:
    """That of the model in force."""
    model = labels.labels(portfolio).model
    return model.currency if model else ""
