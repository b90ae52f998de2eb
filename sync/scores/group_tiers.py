"""The tier of whole groups, beside the tier of each of their accounts.

A group is tiered once, before its accounts are scored in chunks, from figures of all its members; so every member
shows the same, whichever chunk it is in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pandas as pd

from scoring import groups, pipeline
from scoring.calibration import Calibration
from scoring.explain import SHORT
from scoring.model import Model
from sync import mirror
from sync.models import Run
from sync.scores import baseline, grouping, pairing

#: Columns that a score has beside those of `pipeline.COLUMNS` where the model has groups; None for an account alone.
#: computed, position and since as for an account, and None where the best member decides.
COLUMNS = ("group_id", "group_tier", "group_reason", "group_computed", "group_position", "group_tier_since")
_PORTION = 5000


def standing(run: Run, model: Model, calibration: Calibration, units: pd.DataFrame) -> pd.DataFrame:
    """Columns account_id and `COLUMNS`, for every account that is in a group.

    `units`: features of all members of all groups that are looked at (`baseline.figures`).
    """
    if run.as_of is None:
        raise ValueError("groups are tiered after the date is fixed")
    with mirror.reading(run.portfolio_id, "account") as tables:
        found = grouping.tree(pairing.as_one(run.portfolio, tables, model))
    heads = {account: found.heads[account] for account in units["account_id"] if account in found.heads}
    members = grouping.members(units, found, model, run.as_of)
    if model.groups.roll_up == "best":
        rows = _best(run, run.as_of, model, calibration, units[units["account_id"].isin(members)], members)
    else:
        rows = _sums(run, run.as_of, model, calibration, units, members)
    table = pd.DataFrame({"account_id": list(heads), "group_id": list(heads.values())}, dtype=object)
    table = table.merge(rows, on="group_id", how="left").astype(object)
    table = table.where(table.notna(), None)
    table["group_reason"] = [reason or "No member is a customer" for reason in table["group_reason"]]
    return table[["account_id", *COLUMNS]]


def _sums(
    run: Run, as_of: date, model: Model, calibration: Calibration, units: pd.DataFrame, members: dict[str, str]
) -> pd.DataFrame:
    """Groups by the figures of all their members together."""
    rules = groups.rules(model)
    rows = baseline.group_figures(run, model, as_of, units=units)
    counted = pd.Series(members, dtype=object).value_counts()
    found = []
    for part in _portions(rows):
        before = baseline.before(run, part, rules, calibration, baseline.GROUP)
        scored = pipeline.score(part, rules, calibration, as_of, before)
        said = zip(scored["account_id"].map(counted), scored["short_reason"], strict=True)
        found.append(
            pd.DataFrame(
                {
                    "group_id": scored["account_id"],
                    "group_tier": scored["tier"],
                    "group_reason": [_together(*each) for each in said],
                    "group_computed": scored["computed"],
                    "group_position": scored["position"],
                    "group_tier_since": scored["tier_since"],
                },
                dtype=object,
            )
        )
    return pd.concat(found) if found else pd.DataFrame(columns=list(COLUMNS), dtype=object)


def _together(accounts: int, reason: str) -> str:
    counted = "One account counts" if accounts == 1 else f"{accounts} accounts together"
    return f"{counted}. {reason}"[:SHORT]


def _best(
    run: Run, as_of: date, model: Model, calibration: Calibration, units: pd.DataFrame, members: dict[str, str]
) -> pd.DataFrame:
    """Groups by the best tier of a member, as it stands; of several the one with the smallest id is named."""
    rank = {key: place for place, key in enumerate(model.tiers.keys)}
    best: dict[str, tuple[int, str, str]] = {}
    for part in _portions(units):
        before = baseline.before(run, part, model, calibration)
        settled = pipeline.settled(part, model, calibration, as_of, before)
        for account, name, tier in zip(part["account_id"], part["name"], settled["tier"], strict=True):
            if tier is not None:
                head, own = members[account], (rank[tier], account, name or account)
                best[head] = min(best.get(head, own), own)
    counted = pd.Series(members, dtype=object).value_counts()
    rows = [
        (head, model.tiers.keys[place], f"Best of {counted[head]}: {name} is {model.tiers.levels[place].label}")
        for head, (place, _, name) in best.items()
    ]
    table = pd.DataFrame(rows, columns=["group_id", "group_tier", "group_reason"], dtype=object)
    return table.assign(group_computed=None, group_position=None, group_tier_since=None)


def _portions(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for start in range(0, len(frame), _PORTION):
        yield frame.iloc[start : start + _PORTION].reset_index(drop=True)
