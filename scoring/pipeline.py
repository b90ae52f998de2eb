"""The two entry points of scoring: `calibrate` fits to the whole base, `score` applies the fit row by row.

A row's result depends on nothing but that row, the model, the calibration and the date, so accounts may be scored in
any order and in chunks of any size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from scoring import (
    capacity,
    churn,
    cost_to_serve,
    explain,
    inputs,
    lifetime,
    measures,
    rfm,
    risk,
    segments,
    tiers,
    value,
    value_profile,
)
from scoring.calibration import Calibration
from scoring.explain import nearest
from scoring.explain.told import Told
from scoring.model.playbook import has_cadence
from scoring.model.shape import Model
from scoring.periods import months_before
from scoring.ranks import Ints
from scoring.rules import Facts
from scoring.tiers import regions, stability

#: Columns of the ScoreTable, in this order.
COLUMNS = (
    *("account_id", "in_scope", "scope_reason", "has_orders", "value_basis", "revenue", "margin"),
    *("value_score", "cost", "cost_to_serve", "customer_lifetime_value", "p_alive", "lifetime_from"),
    *(
        "recency",
        "frequency",
        "monetary",
        "rfm",
        "computed",
        "position",
        "tier",
        "tier_since",
        "cause",
        "held",
        "proposed",
    ),
    *("segment", "segment_why", "sub_segment", "sub_segment_why", "value_profile", "value_profile_why"),
    *("reasons", "short_reason", "nearest", "missing", "risks", "last_contact_on", "no_rate"),
)


def calibrate(frame: pd.DataFrame, model: Model, as_of: date, past: pd.DataFrame | None = None) -> Calibration:
    """Fits value scale, RFM limits and tier cuts to the customers in scope.

    Args:
        frame: features of all accounts (columns of `scoring.features.build`), in any order.
        as_of: the date scored for.
        past: features as of `learned_since`, to learn from which customers left; None for rules alone. Of all accounts,
            or of those that `churn.learned_from` chooses.

    Raises:
        UnusableInput: the features are not what `scoring.features.build` gives (`scoring.inputs`).
    """
    inputs.check(frame, model, as_of)
    in_scope = segments.scope(Facts(frame, model, as_of), model)["in_scope"].to_numpy()
    customers = frame[in_scope & ~_foreign(frame)].reset_index(drop=True)
    scale = value.fit(customers, model, as_of)
    ranks = rfm.fit(customers, as_of)
    facts = Facts(customers, model, as_of)
    worth = measures.worth(facts, customers, model, scale)
    figures = _figures(worth, facts, customers, model, ranks)
    learned, churn_note = _learned(past, customers, model, as_of)
    return Calibration(
        as_of=as_of.isoformat(),
        customers=len(customers),
        value=scale,
        rfm=ranks,
        cuts=regions.fitted(tiers.fit(figures, model.tiers), figures, facts, model.tiers),
        cost_note=capacity.note(frame, model),
        churn=learned,
        churn_note=churn_note,
    )


def learned_since(model: Model, as_of: date) -> date | None:
    """The date whose features `calibrate` learns churn from; None where the model has rules alone."""
    return months_before(as_of, model.risk.churn.months) if model.risk.churn else None


def _learned(
    past: pd.DataFrame | None, customers: pd.DataFrame, model: Model, as_of: date
) -> tuple[churn.Fitted | None, str]:
    since = learned_since(model, as_of)
    if past is None or since is None:
        return None, ""
    inputs.check(past, model, since)
    return churn.fit(past, customers, model, since, as_of)


def standing(frame: pd.DataFrame, model: Model, calibration: Calibration, as_of: date) -> pd.DataFrame:
    """Where the figures alone put these accounts: columns account_id, computed (class key per axis) and tier, both
    None for an account that gets none, cost (1/10,000) and cost_to_serve (NaN without a basis), in the order of
    `frame`."""
    return _by_region(_standing_alike, frame, model, calibration, as_of)


def _standing_alike(frame: pd.DataFrame, model: Model, calibration: Calibration, as_of: date) -> pd.DataFrame:
    base = _scored(frame.reset_index(drop=True), model, calibration, as_of)
    computed = _positions(base.positions, model, base.scored)
    keys = np.where(base.scored, tiers.assign(base.positions, model.tiers), np.array(None, dtype=object))
    return pd.DataFrame(
        {
            "account_id": base.frame["account_id"],
            "computed": computed,
            "tier": pd.Series(keys, dtype=object),
            "cost": base.worth.spent,
            "cost_to_serve": base.worth.relative,
        }
    )


def settled(
    frame: pd.DataFrame, model: Model, calibration: Calibration, as_of: date, before: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Where these accounts stand once stability has been heard; `before` as for `score`.

    Columns account_id, computed and position (class key per axis: by the figures alone, and as it stands), tier and
    tier_since; None for an account that gets no tier. In the order of `frame`.
    """
    inputs.check_before(before)
    return _by_region(partial(_settled_alike, before=before), frame, model, calibration, as_of)


def _settled_alike(
    frame: pd.DataFrame, model: Model, calibration: Calibration, as_of: date, before: pd.DataFrame | None
) -> pd.DataFrame:
    base = _scored(frame.reset_index(drop=True), model, calibration, as_of)
    earlier = _aligned(before, base.frame["account_id"])
    found = stability.settle(base.figures, base.positions, earlier, calibration.cuts, model.tiers, as_of)
    columns = _standing(base, found, earlier, model)
    names = ("computed", "position", "tier", "tier_since")
    return pd.DataFrame({"account_id": base.frame["account_id"], **{name: columns[name] for name in names}})


def described(frame: pd.DataFrame, model: Model, as_of: date) -> pd.DataFrame:
    """What the model's rules call these accounts: account_id, in_scope, segment, sub_segment, value_profile (keys, or
    None), in the order of `frame`."""
    frame = frame.reset_index(drop=True)
    facts = Facts(frame, model, as_of)
    in_scope = segments.scope(facts, model)["in_scope"].to_numpy()
    found = _descriptions(facts, model, in_scope)
    names = ("segment", "sub_segment", "value_profile")
    columns = {"in_scope": in_scope, **{name: found[name] for name in names}}
    return pd.DataFrame({"account_id": frame["account_id"], **columns})


def score(
    frame: pd.DataFrame,
    model: Model,
    calibration: Calibration,
    as_of: date,
    before: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The ScoreTable of these accounts, one row per row of `frame`, in its order.

    `before` says where accounts stood at the end of the period before (columns of `scoring.tiers.stability.BEFORE`, in
    any order, some or all of the accounts); what is not in it is new and bound by nothing.

    Columns (`COLUMNS`):
        account_id, in_scope, scope_reason (why an account is no customer)
        has_orders: has ever bought. A customer that has not is scored too.
        value_basis: "margin" or "revenue"; revenue, margin (Int64, 1/10,000 of the currency; margin only on that basis)
        value_score: 0-100, one decimal; cost (1/10,000) and cost_to_serve (per 100 of the basis, one decimal)
        customer_lifetime_value (1/10,000), p_alive (two decimals): NA where the model fits none;
            lifetime_from: `scoring.lifetime.history`
        recency, frequency, monetary, rfm: 1-5 (Int64)
        computed: class key per axis of the tier matrix by the figures alone, None without a tier
        position: the same with stability heard; held: why it differs in tier from `computed`, or ""
        proposed: tier that waits for a decision of the review round, or None
        tier_since: ISO date of the tier's first day; cause: of the move since `before`, "" where the tier stayed
        tier, segment, sub_segment, value_profile (keys or None), and why the last three
        reasons: list of {text, sign, weight, points}; short_reason: at most 255 characters
        nearest: what would move the tier, "" where nothing near does; last_contact_on: ISO date, or None
        missing: list of inputs that were absent; no_rate: currency that nothing converts, or None
        risks: list of early warnings, each a sentence with its figures
        region: where the tier is cut otherwise than elsewhere, and how; only with a model that has regions
    What belongs to scoring is NA, None or "" for accounts out of scope.

    Raises:
        UnusableInput: features, earlier tiers or the calibration are not what they should be (`scoring.inputs`).
    """
    inputs.check_before(before)
    table = _by_region(partial(_score_alike, before=before), frame, model, calibration, as_of)
    if model.tiers.regions is None:
        return table
    return table.assign(region=regions.texts(frame, model, calibration, as_of))


def _by_region(
    one: Callable[[pd.DataFrame, Model, Calibration, date], pd.DataFrame],
    frame: pd.DataFrame,
    model: Model,
    calibration: Calibration,
    as_of: date,
) -> pd.DataFrame:
    """What `one` gives for the accounts of each region, with the cuts that hold there; in the order of `frame`."""
    inputs.check(frame, model, as_of)
    inputs.check_calibration(calibration, model)
    if model.tiers.regions is None:
        return one(frame, model, calibration, as_of)
    parts = regions.parts(frame, model, calibration, as_of)
    return pd.concat(
        [one(frame.iloc[rows], model, fitted, as_of).set_index(rows) for rows, fitted in parts]
    ).sort_index()


def _score_alike(
    frame: pd.DataFrame, model: Model, calibration: Calibration, as_of: date, before: pd.DataFrame | None
) -> pd.DataFrame:
    """The ScoreTable of accounts for which the same cuts hold."""
    base = _scored(frame.reset_index(drop=True), model, calibration, as_of)
    frame, worth, scored = base.frame, base.worth, base.scored
    earlier = _aligned(before, frame["account_id"])
    settled = stability.settle(base.figures, base.positions, earlier, calibration.cuts, model.tiers, as_of)
    standing = _standing(base, settled, earlier, model)
    basis = "gross margin" if calibration.value.basis == "margin" else "revenue"
    untold = _without_tier(frame, base.scope["scope_reason"], base.foreign)
    keys, held = standing["tier"].to_numpy(), standing["held"].tolist()
    told = Told(frame, worth, base.figures, settled.positions, keys, untold, held, model, calibration.cuts, basis)
    in_scope = base.scope["in_scope"].to_numpy()
    table = pd.DataFrame(
        {
            "account_id": frame["account_id"],
            **base.scope,
            **_worth(base, calibration.value.basis),
            **_ranks(frame, calibration, as_of, scored),
            **standing,
            **_descriptions(base.facts, model, in_scope),
            "nearest": nearest.texts(told, calibration, base.facts),
            "risks": risk.texts(frame, model, as_of, in_scope, base.foreign, calibration.churn),
            **_inputs(base, model, calibration),
        }
    )
    return table.assign(**explain.explain(told.by_figures(base.positions)))[list(COLUMNS)]


@dataclass(frozen=True)
class _Base:
    """Accounts with everything that is computed before tiers settle."""

    frame: pd.DataFrame
    facts: Facts
    scope: pd.DataFrame
    foreign: np.ndarray
    scored: np.ndarray
    worth: measures.Worth
    figures: dict[str, np.ndarray]
    positions: tiers.Positions


def _scored(frame: pd.DataFrame, model: Model, calibration: Calibration, as_of: date) -> _Base:
    facts = Facts(frame, model, as_of)
    scope, foreign = segments.scope(facts, model), _foreign(frame)
    worth = measures.worth(facts, frame, model, calibration.value)
    figures = _figures(worth, facts, frame, model, calibration.rfm)
    positions = tiers.positions(figures, calibration.cuts, model.tiers)
    return _Base(frame, facts, scope, foreign, scope["in_scope"].to_numpy() & ~foreign, worth, figures, positions)


def _aligned(before: pd.DataFrame | None, accounts: pd.Series) -> pd.DataFrame:
    """Where the accounts stood before, one row per account; None throughout for those that are new."""
    names = list(stability.BEFORE[1:])
    if before is None:
        return pd.DataFrame(dict.fromkeys(names, None), index=range(len(accounts)), dtype=object)
    known = dict(zip(before["account_id"], before[names].itertuples(index=False, name=None), strict=True))
    found = [known.get(account, (None,) * len(names)) for account in accounts]
    columns = dict(zip(names, zip(*found, strict=True), strict=True)) if found else dict.fromkeys(names, ())
    return pd.DataFrame({name: pd.Series(list(values), dtype=object) for name, values in columns.items()})


def _figures(
    worth: measures.Worth, facts: Facts, frame: pd.DataFrame, model: Model, ranks: rfm.Rfm
) -> dict[str, np.ndarray]:
    return {axis.key: measures.of_axis(axis, worth, facts, frame, ranks) for axis in model.tiers.axes}


def _positions(found: tiers.Positions, model: Model, shown: np.ndarray) -> pd.Series:
    """Class key per axis, in the order of the axes."""
    names = [axis.classes for axis in model.tiers.axes]
    spots = list(map(tuple, found.tolist()))
    cells = {spot: [keys[place] for keys, place in zip(names, spot, strict=True)] for spot in set(spots)}
    rows = [cells[spot].copy() if is_shown else None for spot, is_shown in zip(spots, shown.tolist(), strict=True)]
    return pd.Series(rows, dtype=object)


def _standing(base: _Base, settled: stability.Settled, earlier: pd.DataFrame, model: Model) -> dict[str, pd.Series]:
    """Columns on where the accounts stand, by the figures alone and once stability has been heard."""
    scored, nothing = base.scored, np.array(None, dtype=object)
    columns = {
        "tier": np.where(scored, tiers.assign(settled.positions, model.tiers), nothing),
        "tier_since": [str(day) if shown else None for day, shown in zip(settled.since, scored, strict=True)],
        "cause": np.where(scored & settled.moved, earlier["cause"].to_numpy(object), ""),
        "held": [text if shown else "" for text, shown in zip(settled.held, scored.tolist(), strict=True)],
        "proposed": np.where(scored, settled.proposed, nothing),
    }
    return {
        "computed": _positions(base.positions, model, scored),
        "position": _positions(settled.positions, model, scored),
        **{name: pd.Series(column, dtype=object) for name, column in columns.items()},
    }


def _foreign(frame: pd.DataFrame) -> np.ndarray:
    """Accounts with amounts that no rate converts: they cannot be compared, so they get no tier."""
    return frame["no_rate"].notna().to_numpy(dtype=bool)


def _worth(base: _Base, basis: value.Basis) -> dict[str, Any]:
    """Columns on what the accounts bring and cost."""
    frame, worth, scored, lasting = base.frame, base.worth, base.scored, base.worth.lifetime
    nothing = np.zeros(len(frame), dtype=np.int64)
    known = scored & (lasting.known if lasting is not None else False)
    return {
        "has_orders": frame["transactions_ever"].to_numpy() > 0,
        "value_basis": basis,
        "revenue": frame["revenue"].astype("Int64"),
        "margin": _masked(worth.basis, scored & (basis == "margin")),
        "value_score": pd.Series(np.where(scored, worth.score, np.nan)).astype("Float64"),
        "cost": _masked(worth.spent, scored),
        "cost_to_serve": pd.Series(np.where(scored, worth.relative, np.nan)).astype("Float64"),
        "customer_lifetime_value": _masked(nothing if lasting is None else lasting.amounts, known),
        "p_alive": pd.Series(np.nan if lasting is None else np.where(known, lasting.alive, np.nan), index=frame.index)
        .round(2)
        .astype("Float64"),
        "lifetime_from": pd.Series(lifetime.history(lasting, frame, known), dtype=object),
    }


def _masked(amounts: Ints, shown: np.ndarray) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(amounts.astype(np.int64), ~shown)


def _keys(keys: np.ndarray, shown: np.ndarray) -> pd.Series:
    return pd.Series(np.where(shown, keys, np.array(None, dtype=object)), dtype=object)


def _ranks(frame: pd.DataFrame, calibration: Calibration, as_of: date, scored: np.ndarray) -> dict[str, pd.Series]:
    ranked = rfm.score(frame, calibration.rfm, as_of)
    return {str(name): column.mask(~scored) for name, column in ranked.items()}


def _descriptions(facts: Facts, model: Model, in_scope: np.ndarray) -> dict[str, pd.Series]:
    """Segment, sub-segment and value profile with why; empty for accounts out of scope."""
    found = pd.concat([segments.assign(facts, model), value_profile.assign(facts, model)], axis=1).astype(object)
    whys = [str(name) for name in found if str(name).endswith("_why")]
    keys = {
        str(name): _keys(found[name].to_numpy(), in_scope & found[name].notna()) for name in found.drop(columns=whys)
    }
    return keys | {name: found[name].where(in_scope, "") for name in whys}


def _without_tier(frame: pd.DataFrame, scope_reason: pd.Series, foreign: np.ndarray) -> list[str]:
    """Why an account has no tier; "" where it has one."""
    return [
        reason or (f"No tier: amounts are in {currency}, and there is no exchange rate" if other else "")
        for reason, currency, other in zip(scope_reason, frame["no_rate"], foreign, strict=True)
    ]


def _inputs(base: _Base, model: Model, calibration: Calibration) -> dict[str, pd.Series]:
    """Columns on what the score went by, and had to do without."""
    in_scope = base.scope["in_scope"].to_numpy()
    return {
        "missing": _missing(base, model, calibration),
        "last_contact_on": _last_contact(base.frame, model, in_scope),
        "no_rate": base.frame["no_rate"].astype(object).where(base.foreign & in_scope, None),
    }


def _last_contact(frame: pd.DataFrame, model: Model, in_scope: np.ndarray) -> pd.Series:
    """Only where the playbook asks for it: a result that says the same is not stored again."""
    days = pd.to_datetime(frame["last_activity_on"]).dt.strftime("%Y-%m-%d").astype(object)
    return days.where(in_scope & days.notna().to_numpy() & has_cadence(model.playbook), None)


def _missing(base: _Base, model: Model, calibration: Calibration) -> pd.Series:
    """Inputs that a customer's score had to do without."""
    frame, worth, in_scope = base.frame, base.worth, base.scope["in_scope"].to_numpy()
    bought = frame["transactions_ever"].to_numpy() > 0
    guessed = (frame["revenue"] > frame["revenue_cost_known"]).to_numpy() & (calibration.value.basis == "margin")
    orders = "won deals" if model.value.revenue_from == "opportunities" else "orders"
    absent = {orders: ~bought, "product cost": guessed, "exchange rate": base.foreign}
    if model.cost_to_serve.rating is not None:
        unmeasured = bought & ~cost_to_serve.measured(worth.items, len(frame))
        absent["cost to serve (estimated)"] = worth.ratings > 0
        absent["cost to serve (not rated)"] = unmeasured & (worth.ratings == 0) & (worth.basis > 0)
    rows: list[list[str]] = [[] for _ in range(len(frame))]
    for name, mask in absent.items():
        for row in np.flatnonzero(mask & in_scope).tolist():
            rows[row].append(name)
    return pd.Series(rows, dtype=object, index=frame.index)
