"""PURE: the detail record of an account: scores, all reasons, what is missing, and the playbook of its tier.

Everything on it is ours. It exists while the account has something to tell, which is while `scored_on` is set. Figures
are steady: they are rewritten when they move by more than the model's band, or with the tier; texts when they say
something else than before. A value that somebody edited stays, and becomes an override request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from connectors.base import FieldSpec, Scalar
from scoring import playbook
from scoring.model.playbook import of_tier
from scoring.model.shape import Model
from scoring.unjudged import told_apart
from sync.plan import OverrideRequest, gist
from sync.values import Stored, stored

#: Key of a value -> its role in the model file.
ROLES = {
    key: f"detail_{key}"
    for key in (
        "value_score", "cost_to_serve", "position", "reasons", "nearest", "cause", "override", "waiting", "beside",
        "warnings", "problem", "missing", "playbook", "last_contact", "scored_on",
    )
}  # fmt: skip
FIGURES = ("value_score", "cost_to_serve")
#: Texts in which only numbers move from run to run: those are not worth a write.
_TOLD = ("reasons", "nearest", "beside")
_DATE = "scored_on"
#: The longest text a long text field takes.
_LONGEST = 32_000


@dataclass(frozen=True)
class Detail:
    """What planning knows of one detail record.

    Attributes:
        current: by API name, what the CRM holds; all empty when there is no record.
        written, attempted: by role, marks of what we last wrote, and of what an interrupted run may have written.
        undone: by API name, what a person took back.
        moved: the tier changes in this run.
    """

    computed: Mapping[str, Stored]
    current: Mapping[str, Stored]
    written: Mapping[str, str | None]
    attempted: Mapping[str, str | None] = field(default_factory=dict)
    undone: Mapping[str, Scalar] = field(default_factory=dict)
    moved: bool = False


def roles(model: Model) -> dict[str, str]:
    """`ROLES` of the values that a model's detail records have: tiers beside the account's own where there are such."""
    others = model.groups.enabled or bool(model.business_units.units)
    return {key: role for key, role in ROLES.items() if key != "beside" or others}


def plan(
    detail: Detail, names: Mapping[str, str], bands: Mapping[str, float], as_of: date, period: int
) -> tuple[dict[str, Stored], list[OverrideRequest]]:
    """The new values by API name, none when nothing is to be sent, and edits that were found.

    A record that needs no change is dated anew when its date lies more than `period` days back.
    """
    after: dict[str, Stored] = {}
    edits = []
    for key, name in names.items():
        if key == _DATE:
            continue
        now, wanted = detail.current.get(name), detail.computed.get(key)
        if name in detail.undone and detail.undone[name] == wanted:
            continue
        if _steady(key, now, wanted, bands.get(key, 0.0), moved=detail.moved):
            continue
        if not _ours(detail, key, now) and not _new(detail, names):
            edits.append(OverrideRequest(ROLES[key], _shown(now), _shown(wanted)))
            continue
        after[name] = wanted
    if after:
        told = [after.get(name, detail.current.get(name)) for key, name in names.items() if key != _DATE]
        exists = any(value is not None for value in told)
        after[names[_DATE]] = as_of.isoformat() if exists else None
    elif _aged(detail.current.get(names[_DATE]), as_of, period):
        after[names[_DATE]] = as_of.isoformat()
    return after, edits


def _aged(shown: Stored, as_of: date, period: int) -> bool:
    """Whether a record that still says the truth looks as if nobody had looked at it for more than a period."""
    return shown is not None and (as_of - date.fromisoformat(str(shown)[:10])).days > period


def period_days(model: Model) -> int:
    """Days between two dates that are scored for."""
    return 92 if model.clock.period == "quarter" else 31


def fresh_days(model: Model) -> int:
    """Days after which a date on a record says that runs no longer come: two periods and a week.

    0 where the date follows the newest transaction: such a date says how old the data is, and nothing about runs.
    """
    return 0 if model.clock.period == "after_newest_transaction" else 2 * period_days(model) + 7


def _new(detail: Detail, names: Mapping[str, str]) -> bool:
    """There is no record yet, or no more: everything on it is written anew."""
    return detail.current.get(names[_DATE]) is None


def _ours(detail: Detail, key: str, now: Stored) -> bool:
    """Whether what stands there is what we wrote, nothing included."""
    role, shown = ROLES[key], mark(now)
    return shown == detail.written.get(role) or (role in detail.attempted and shown == detail.attempted[role])


def _steady(key: str, now: Stored, wanted: Stored, band: float, *, moved: bool) -> bool:
    """Whether what stands there will do."""
    if now == wanted:
        return True
    if moved:
        return False
    if key == "cause":
        return now is not None  # of the tier's last move, however long ago
    if now is None or wanted is None:
        return False
    if key in FIGURES:
        return abs(float(now) - float(wanted)) < band
    return key in _TOLD and gist(str(now)) == gist(str(wanted))


def mark(value: Stored) -> str | None:
    """Short text that two equal values share."""
    if value is None:
        return None
    return repr(float(value)) if isinstance(value, int | float) else hashlib.sha256(value.encode()).hexdigest()[:16]


def marks(names: Mapping[str, str], values: Mapping[str, Scalar]) -> dict[str, str | None]:
    """Marks of the values among these fields, by role."""
    return {ROLES[key]: mark(stored(values[name])) for key, name in names.items() if name in values}


def removes(names: Mapping[str, str], after: Mapping[str, Any]) -> bool:
    """Whether a change takes the record away."""
    return after.get(names[_DATE], "") is None


def held(names: Mapping[str, str], record: Mapping[str, Any], prefix: str) -> dict[str, Stored]:
    """The values of a mirrored detail record, by API name, figures as numbers."""
    found: dict[str, Stored] = {}
    for key, name in names.items():
        value = stored(record.get(prefix + key))
        found[name] = float(value) if key in FIGURES and value is not None else value
    return found


def computed(row: Mapping[str, Any], model: Model) -> dict[str, Stored]:
    """The values of an account's detail record, from its score; all None when it has no tier."""
    if not row["in_scope"] or not row["tier"]:
        return dict.fromkeys(ROLES)
    warnings, unjudged = told_apart(row.get("risks") or ())
    return {
        "value_score": _figure(row["value_score"]),
        "cost_to_serve": _figure(row["cost_to_serve"]),
        "position": _position(row["position"], model),
        "reasons": _lines(row["reasons"]),
        "nearest": row["nearest"] or None,
        "cause": row["cause"] or None,
        "override": row.get("override_told"),
        "waiting": model.tiers.label(row["proposed"]) if row.get("proposed") else None,
        "beside": _beside(row, model),
        "warnings": "\n".join(warnings)[:_LONGEST] or None,
        "problem": row.get("problem"),
        "missing": ", ".join([*row["missing"], *unjudged])[:_LONGEST] or None,
        "playbook": playbook.text(play) if (play := of_tier(model.playbook, row["tier"])) else None,
        "last_contact": row["last_contact_on"],
    }


def bands(model: Model) -> dict[str, float]:
    """How far a figure may move without being rewritten."""
    return {"value_score": model.detail.score_band, "cost_to_serve": model.detail.cost_band}


def _figure(value: float | None) -> float | None:
    return None if value is None else round(float(value), 1)


def _position(classes: Sequence[str] | None, model: Model) -> str | None:
    """Where the account stands on each axis of the tiers: "Value: high, Cost to serve: low"."""
    if not classes:
        return None
    axes = zip(model.tiers.axes, classes, strict=True)
    return ", ".join(f"{axis.label}: {name.replace('_', ' ')}" for axis, name in axes)[:255]


def _lines(reasons: Sequence[Mapping[str, Any]]) -> str | None:
    """One reason a line, "+ " or "- " before it, its weight behind it."""
    lines = [f"{each['sign']} {each['text']} ({each['weight']:g} %)" for each in reasons]
    return "\n".join(lines)[:_LONGEST] or None


def _beside(row: Mapping[str, Any], model: Model) -> str | None:
    """The tiers beside the account's own, one a line: that of its group, and those that our business units give it."""
    told = [("Group", row.get("group_tier"), row.get("group_reason"))]
    for unit in model.business_units.units:
        tier, reason = (row.get(unit.column(name)) for name in ("tier", "reason"))
        told.append((unit.label, tier, reason))
    lines = [f"{name}: {model.tiers.label(tier)}. {reason or ''}".strip() for name, tier, reason in told if tier]
    return "\n".join(lines)[:_LONGEST] or None


def _shown(value: Stored) -> str | None:
    return None if value is None else str(value)[:255]


def specs(names: Mapping[str, str]) -> list[FieldSpec]:
    """The fields of the detail record."""
    return [_SPECS[key](name) for key, name in names.items()]


def _number(label: str, help_: str) -> Any:
    return lambda name: FieldSpec("detail", name, label, "number", help_, precision=18, scale=1)


def _text(label: str, help_: str) -> Any:
    return lambda name: FieldSpec("detail", name, label, "long_text", help_, length=32_768)


def _line(label: str, help_: str) -> Any:
    return lambda name: FieldSpec("detail", name, label, "text", help_, length=255)


def _date(label: str, help_: str) -> Any:
    return lambda name: FieldSpec("detail", name, label, "date", help_)


_SPECS = {
    "value_score": _number("Value score", "What the customer is worth, 0 to 100, before cost to serve."),
    "cost_to_serve": _number("Cost to serve per 100", "Cost to serve per 100 of the customer's value."),
    "position": _line("Position", "Where the customer stands on each axis of the tiers."),
    "reasons": _text("Reasons", "All reasons for the tier, with sign and weight."),
    "nearest": _line("Nearest change", "The smallest change that would lead to a better tier, and to a lower one."),
    "cause": _line(
        "Cause of the last move", "Why the tier moved: behaviour, data correction, rule change, override or merge."
    ),
    "override": _line("Override", "A person's decision that stands instead of the computed tier, its reason and end."),
    "waiting": _line("Move that waits", "The tier that figures give by now, until the review round has decided on it."),
    "beside": _text("Other tiers", "The tier of the account's group, and those of our business units, each with why."),
    "warnings": _text("Early warnings", "Signs of late payment and of leaving, with the figures behind them."),
    "problem": _line("Refused by the CRM", "Why the last change of this account could not be written."),
    "missing": _text("Missing inputs", "What the score had to do without."),
    "playbook": _text("Playbook", "What this tier means for how the customer is served."),
    "last_contact": _date("Last contact", "Last visit, call or meeting that counts for the playbook."),
    "scored_on": _date("Scored on", "Date of the score these values show."),
}
