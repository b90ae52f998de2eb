"""Where accounts stood at the end of the period before, and why their figures would move them now.

The cause of a move is found by scoring again with one thing left as it was: with the rules of before and today's
figures the account would stay (a rule change), or the records as they are now would have put it elsewhere even then
(a data correction); what is left is behaviour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Protocol

import pandas as pd
from django.db.models import Max

from scoring import calibration as calibrating
from scoring import currency, features, groups, pipeline, records
from scoring.calibration import Calibration
from scoring.model import Model
from scoring.tiers.stability import BEFORE, Cause
from sync import compiled, mirror, outputs
from sync.models import Run, Score, TierMove
from sync.reading import rates
from sync.scores import grouping, pairing

#: Accounts whose features are built at a time. Beyond, what is counted for each no longer fits into the memory that
#: the mirror's engine has, and it takes twice as long by way of the disk.
PORTION = 300_000
#: What other currencies are worth, among the tables of the mirror.
_WORTH = "worth"


class Figures(Protocol):
    """Features of these accounts, or of what goes under their ids, as the mirror knows it now."""

    def __call__(self, run: Run, model: Model, as_of: date, accounts: Sequence[str], /) -> pd.DataFrame: ...


@dataclass(frozen=True)
class Whose:
    """Whose tier is looked at: the account's own, or another that its score tells beside it.

    Attributes:
        prefix: of its columns in a score.
        rules: the model as it goes for it. fitted: the part of a calibration that does, None where it has none.
    """

    prefix: str
    figures: Figures
    rules: Callable[[Model], Model]
    fitted: Callable[[Calibration], Calibration | None]


def before(
    run: Run, part: pd.DataFrame, model: Model, calibration: Calibration, whose: Whose | None = None
) -> pd.DataFrame | None:
    """The table that `pipeline.score` asks for, of the accounts of `part` (features); None in a first period.

    `whose`: what the rows of `part` are, if not the accounts themselves.
    """
    whose = whose or _OWN
    earlier = previous(run)
    if earlier is None or run.as_of is None:
        return None
    stood = _stood(run, part["account_id"].tolist(), whose.prefix)
    if stood.empty:
        return None
    now = pipeline.standing(part, model, calibration, run.as_of).set_index("account_id")["computed"]
    moves = [
        account
        for account, position in zip(stood["account_id"], stood["position"], strict=True)
        if now[account] is not None and position is not None and now[account] != position
    ]
    causes = _causes(run, earlier, moves, stood.set_index("account_id")["computed"], whose)
    stood["as_of"] = earlier.as_of
    decisions = _decisions(run, run.as_of, stood["account_id"].tolist()) if whose is _OWN else {}
    stood["decision"] = [decisions.get(account, "") for account in stood["account_id"]]
    stood["cause"] = [causes.get(account, "behaviour") for account in stood["account_id"]]
    return stood[list(BEFORE)]


def previous(run: Run) -> Run | None:
    """The newest run that scored all accounts for an earlier date."""
    done = Run.objects.filter(
        portfolio=run.portfolio, state=Run.State.DONE, counts__whole=True, as_of__lt=run.as_of
    ).select_related("model", "calibration")
    return done.order_by("-as_of", "-pk").first()


def _stood(run: Run, accounts: Sequence[str], prefix: str) -> pd.DataFrame:
    """Published standing of these accounts at the end of the period before; accounts that had a tier then.

    `prefix`: of the columns on it; of a group only its head's standing counts.
    """
    scores = Score.objects.filter(
        account__connection__portfolio=run.portfolio, account__record_id__in=accounts, as_of__lt=run.as_of
    )
    newest = scores.values("account").annotate(newest=Max("pk")).values("newest")
    names = ("position", "computed", "tier_since")
    columns = [f"result__{prefix}{name}" for name in names]
    rows = Score.objects.filter(pk__in=newest).values_list("account__record_id", "result__group_id", *columns)
    table = pd.DataFrame(list(rows), columns=["account_id", "head", *names], dtype=object)
    led = (table["head"] == table["account_id"]) | (prefix != GROUP.prefix)
    return table[table["position"].notna() & led].reset_index(drop=True)


def _decisions(run: Run, as_of: date, accounts: Sequence[str]) -> dict[str, str]:
    """What the review round decided about the moves proposed for this date, by account."""
    moves = TierMove.objects.filter(
        account__connection__portfolio=run.portfolio, account__record_id__in=accounts, as_of=as_of
    ).exclude(state=TierMove.State.PROPOSED)
    return dict(moves.values_list("account__record_id", "state"))


def _causes(run: Run, earlier: Run, accounts: Sequence[str], computed: pd.Series, whose: Whose) -> dict[str, Cause]:
    """Cause per account whose figures would move it; behaviour where nothing else explains it."""
    if not accounts or earlier.calibration is None or earlier.as_of is None or run.as_of is None:
        return {}
    model = outputs.model(earlier.model)
    fitted = whose.fitted(calibrating.Calibration.from_json(earlier.calibration.payload))
    if fitted is None:
        return {}
    known, rules = whose.figures, whose.rules(model)
    causes: dict[str, Cause] = {}
    then = pipeline.standing(known(run, model, earlier.as_of, accounts), rules, fitted, earlier.as_of)
    for account, position in zip(then["account_id"], then["computed"], strict=True):
        if position != computed.get(account):
            causes[account] = "data correction"
    if (earlier.model_id, earlier.calibration_id) != (run.model_id, run.calibration_id):
        now = pipeline.standing(known(run, model, run.as_of, accounts), rules, fitted, run.as_of)
        for account, position in zip(now["account_id"], now["computed"], strict=True):
            if position == computed.get(account):
                causes[account] = "rule change"
    return causes


def figures(run: Run, model: Model, as_of: date, accounts: Sequence[str] | None = None) -> pd.DataFrame:
    """Features of these accounts (None: all of them), from the mirror as it is now, in the order of their ids.

    A company with records in two CRMs has one row, under the one that leads. Where the model has groups, with the
    columns that `grouping.units` adds.
    """
    with building(run, model, as_of) as (tables, build):
        if model.groups.enabled:
            return grouping.units(tables, build, model, as_of, accounts)
        return build(tables if accounts is None else records.only(tables, accounts))


def group_figures(
    run: Run, model: Model, as_of: date, heads: Sequence[str] | None = None, units: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Features of these groups (None: all of them): what the records of their members make together.

    One row per group with a member that is a customer, under the id of its head and with the head's own attributes.
    `units`: what `figures` gave for all their members, if that is at hand.
    """
    with building(run, model, as_of) as (tables, build):
        found = grouping.tree(tables)
        if units is None:
            units = grouping.units(tables, build, model, as_of, None if heads is None else found.together(heads))
        members = grouping.members(units, found, model, as_of)
        asked = set(members.values() if heads is None else heads)
        wanted = {account: head for account, head in members.items() if head in asked}
        return build(groups.counted_as(tables, wanted))


#: An account itself, and the group that it leads.
_OWN = Whose("", figures, lambda model: model, lambda calibration: calibration)
GROUP = Whose("group_", group_figures, groups.rules, lambda calibration: calibration)


@contextmanager
def building(run: Run, model: Model, as_of: date) -> Iterator[tuple[grouping.Tables, grouping.Build]]:
    """The mirror's tables, and how features are made of them."""
    ours = frozenset(connection.identity["user_id"] for connection in run.portfolio.crms())
    with mirror.reading(run.portfolio_id) as held:
        tables = pairing.as_one(run.portfolio, rates.named(run.portfolio, held, model), model)
        worths = currency.as_table(rates.worths(run.portfolio, tables, model))

        def build(chosen: grouping.Tables) -> pd.DataFrame:
            parts = [
                compiled.frame(_features, {**part, _WORTH: worths}, model, as_of, ours) for part in portions(chosen)
            ]
            return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)

        yield tables, build


def _features(tables: grouping.Tables, model: Model, as_of: date, ours: frozenset[str]) -> Any:
    return features.build(tables, model, as_of, ours, tables[_WORTH]).order_by("account_id")


def portions(tables: grouping.Tables) -> Iterator[grouping.Tables]:
    """The tables, cut into ranges of accounts where there are more than `PORTION`."""
    account = tables["account"]
    if account.count().execute() <= PORTION:
        yield tables
        return
    ids = mirror.frame(account.select("id").order_by("id"))["id"]
    for first, until in pairwise([None, *ids[PORTION::PORTION], None]):
        yield records.between(tables, first, until)
