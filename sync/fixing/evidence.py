"""What speaks for a value besides the model's rules: the parent's, or what a contradiction says that fits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from scoring import quality
from scoring.model import Model
from scoring.model.fields import MAIN_FAMILY
from scoring.quality import Checked
from scoring.quality.classification import at_odds
from scoring.quality.values import OWN
from scoring.rules import lower_first
from sync import mirror
from sync.fixing import answering, choices
from sync.models import AccountState, Finding, Portfolio
from sync.quality import records

#: Values by field, and the reason in a sentence.
Likely = tuple[Mapping[str, Any], str]
States = Mapping[tuple[int, str], AccountState]


def likely(
    portfolio: Portfolio, findings: Collection[Finding], states: States, model: Model
) -> dict[int, list[Likely]]:
    """What speaks for other values, by finding; only of rules that hold an account against something."""
    held_against = [each for each in findings if each.rule in ("parent_child", "contradicts")]
    if not held_against:
        return {}
    ids = sorted({each.account_id for each in held_against})
    with mirror.reading(portfolio.pk, "account") as tables:
        rows = mirror.frame(tables["account"].filter(tables["account"].id.isin(ids)))
    scored = [state.score.as_of for state in states.values() if state.score is not None]
    if scored and MAIN_FAMILY in quality.tested(model) and any(each.rule == "contradicts" for each in held_against):
        records.put_families(rows, portfolio, model, max(scored), ids)
    found: dict[int, list[Likely]] = {}
    for finding in held_against:
        state = states.get((finding.connection_id, finding.account_id))
        row = rows[(rows["id"] == finding.account_id) & (rows["connection"] == finding.connection.name)]
        if state is not None and len(row):
            say = _of_parent if finding.rule == "parent_child" else _of_contradictions
            found[finding.pk] = say(finding, state, row.reset_index(drop=True), model)
    return found


def _of_parent(finding: Finding, state: AccountState, row: pd.DataFrame, model: Model) -> list[Likely]:
    above = AccountState.objects.filter(connection=state.connection_id, record_id=str(row["parent_id"][0] or ""))
    return [(answering.held(parent), f"Its parent {parent.name} has it.") for parent in above]


def _of_contradictions(finding: Finding, state: AccountState, row: pd.DataFrame, model: Model) -> list[Likely]:
    """The values that go with what the account is and buys."""
    field = next((name for name in choices.CHOSEN if name == finding.field), None)
    if field is None or state.score is None:
        return []
    held, result = answering.held(state), state.score.result
    accounts = row.assign(**{OWN + name: value or None for name, value in held.items()})
    scores = pd.DataFrame(
        [{"account_id": state.record_id, "in_scope": state.in_scope, "revenue": result.get("revenue")}]
    )
    checked = Checked({"account": accounts}, scores, model, state.score.as_of, state.score.as_of)
    found: list[Likely] = []
    for rule, _, told in at_odds(checked, field):
        because = rule.because or f"Its {lower_first(str(told[0]))}, which goes with it"
        for value in getattr(rule, field):
            whole = {**held, **_segment_of(model, field, value), field: value}
            found.append((_with_part(model, whole, result), f"{because.rstrip('.')}."))
    return found


def _segment_of(model: Model, field: str, value: str) -> dict[str, str]:
    """The segment that goes with a sub-segment."""
    if field != "sub_segment":
        return {}
    holding = (each.key for each in model.segments if value in {sub.key for sub in each.sub_segments})
    return {"segment": next(holding, "")}


def _with_part(model: Model, values: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """With a sub-segment that belongs to the segment: the account's, else the computed one, else the only one."""
    parts = next(
        ([sub.key for sub in each.sub_segments] for each in model.segments if each.key == values["segment"]), []
    )
    fitting = [part for part in (values["sub_segment"], result.get("sub_segment")) if part in parts]
    return {**values, "sub_segment": (*fitting, *(parts if len(parts) == 1 else ()), "")[0]}
