"""One account: its tier and why, where each published value comes from, what was written when, what is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from admin.matrix import matrix
from admin.views import group, lifetime, overrides, units
from admin.views.alerts import FindingShown, described
from admin.views.published import Shown, Values, label
from scoring import playbook
from scoring.calibration import Calibration
from scoring.model.playbook import of_tier
from scoring.money import SCALE
from scoring.unjudged import told_apart
from sync import labels, outputs
from sync.governance import overriding
from sync.links import record_url
from sync.matching import matches
from sync.models import AccountState, Change, Finding, Override, Run, Score
from sync.outputs import CONFIRMED

#: How far back the page looks for what was written; the CRM's own field history goes further.
RUNS = 400
LAST = 20


@dataclass(frozen=True)
class Value:
    """A published value: what stands in the CRM, who put it there, and what Tierline computes.

    `source` is "person", "rule" or "" (empty field), `confirmed` what the CRM says of a person who answered a finding;
    `computed` is empty when it agrees with the CRM.
    """

    key: str
    title: str
    words: str
    source: str
    since: str
    why: str
    computed: str
    confirmed: str


@dataclass(frozen=True)
class Amount:
    title: str
    words: str


@require_safe
def show(request: HttpRequest, number: int) -> HttpResponse:
    """The page of one account."""
    return page(request, number, {})


def page(request: HttpRequest, number: int, typed: Mapping[str, str]) -> HttpResponse:
    """The page; `typed`: what stands in the form that asks for another tier, so that a refusal loses nothing."""
    state = get_object_or_404(
        AccountState.objects.select_related("connection__portfolio", "score__model", "score__calibration"), pk=number
    )
    names = labels.labels(state.connection.portfolio)
    result = state.score.result if state.score else {}
    warnings, unjudged = told_apart(result.get("risks") or ())
    override = state.overrides.filter(field="tier", state=Override.State.REQUESTED).first()
    in_force = state.overrides.filter(field="tier", state=Override.State.APPROVED).first()
    may_ask = names.model is not None and state.in_scope and state.score is not None and override is None
    context = {
        "account": state,
        "other": matches.other_records([state]).get(state.pk),
        "tier": names.tier(state.tier),
        "result": result,
        "warnings": warnings,
        "unknown": [*(result.get("missing") or ()), *unjudged],
        "score": state.score,
        "reasons": [(reason, reason.get("sign") == "+") for reason in result.get("reasons") or []],
        "amounts": _amounts(result, names) + _lifetime(state.score),
        "values": [_value(key, state, result, names) for key in ("segment", "sub_segment", "value_profile")],
        "group": group.of(state, result, names),
        "units": units.of(result, names),
        "matrices": matrix(names.model.tiers, result.get("position")) if names.model else [],
        "playbook": _playbook(state, result, names),
        "held": _held(state),
        "override": override,
        "override_words": names.tier(override.value) if override else "",
        "in_force": in_force,
        "in_force_computed": names.tier(overriding.computed(state)) if in_force else "",
        "may_ask": may_ask,
        "typed": typed,
        "choices": overrides.choices(names.model) if names.model and may_ask else {},
        "moves": _moves(state, names),
        "writes": _writes(state),
        "findings": _findings(state, names),
        "url": record_url(state.connection, "account", state.record_id),
    }
    return render(request, "console/account.html", context)


def _held(state: AccountState) -> Change | None:
    """What a run that waits for approval would write here. The card cannot say it: such a run writes nothing."""
    waiting = Change.objects.filter(
        run__portfolio=state.connection.portfolio, run__state=Run.State.HELD, state=Change.State.PLANNED
    )
    mine = waiting.filter(connection=state.connection, kind="account", record_id=state.record_id)
    return mine.select_related("run").first()


def _value(key: str, state: AccountState, result: Mapping[str, Any], names: labels.Labels) -> Value:
    held, computed = str(state.current.get(key) or ""), str(result.get(key) or "")
    kept = str(state.current.get(f"{key}_source") or "") if held else ""
    confirmed = kept if kept.startswith(CONFIRMED) else ""
    by_rule = bool(held) and held == state.written.get(key) and not confirmed
    why = str(result.get(f"{key}_why") or "")
    return Value(
        key=key,
        title=names.field(key),
        words=label(names, key, held),
        source="rule" if by_rule else "person" if held else "",
        since=str(state.current.get(f"{key}_date") or "") if by_rule or confirmed else "",
        why=why,
        computed=label(names, key, computed) if computed != held else "",
        confirmed=confirmed,
    )


def _amounts(result: Mapping[str, Any], names: labels.Labels) -> list[Amount]:
    """The figures behind the score, in the currency of the model."""
    currency = names.model.currency if names.model else ""
    found = []
    for key, title in (("revenue", "Revenue"), ("margin", "Gross margin"), ("cost", "Cost to serve in all")):
        if result.get(key) is not None:
            found.append(Amount(title, f"{round(result[key] / SCALE):,} {currency}".strip()))
    for key, title in (("recency", "Recency"), ("frequency", "Frequency"), ("monetary", "Monetary"), ("rfm", "RFM")):
        if result.get(key) is not None:
            found.append(Amount(title, f"{result[key]} of 5"))
    return found


def _lifetime(score: Score | None) -> list[Amount]:
    """Lifetime value by the model and the calibration of this score; nothing where that model asks for none."""
    model = outputs.model(score.model) if score else None
    if score is None or model is None or model.clv is None:
        return []
    held = Calibration.from_json(score.calibration.payload)
    return [Amount(*row) for row in lifetime.rows(score.result, held, model.clv, score.as_of, model.currency)]


def _playbook(state: AccountState, result: Mapping[str, Any], names: labels.Labels) -> list[str]:
    """What the model asks to do for customers of this tier, the cadence beside the last contact known to the last run.

    The score itself may be older than that run: it is stored again only when it says something else.
    """
    play = of_tier(names.model.playbook, state.tier) if names.model else None
    if play is None:
        return []
    lines = playbook.lines(play)
    run = Run.objects.filter(portfolio=state.connection.portfolio, as_of__isnull=False).first()
    if play.contact_days and run and run.as_of and "last_contact_on" in result:
        contact = playbook.contact(play, result["last_contact_on"] or "", run.as_of)
        lines[0] = f"{contact}, counted to {date_format(run.as_of)}."
    return lines


def _moves(state: AccountState, names: labels.Labels) -> list[tuple[Score, str, str]]:
    """Published scores, the newest first: score, label of its tier, label of the tier before if that was another."""
    scores = list(state.scores.defer("result").select_related("run")[: LAST + 1])
    earlier = [*scores[1:], None] if len(scores) <= LAST else scores[1:]
    return [
        (score, names.tier(score.tier), names.tier(before.tier) if before and before.tier != score.tier else "")
        for score, before in zip(scores[:LAST], earlier, strict=False)
    ]


def _writes(state: AccountState) -> list[tuple[Change, str, list[Shown]]]:
    """What runs wrote or wanted to write, the newest first. Found by run and record: that is how they are indexed."""
    portfolio = state.connection.portfolio
    runs = Run.objects.filter(portfolio=portfolio).exclude(kind=Run.Kind.ANSWER).values_list("pk", flat=True)[:RUNS]
    answers = state.confirmations.values_list("run", flat=True)[:LAST]
    changes = (
        Change.objects.filter(run__in={*runs, *answers}, kind="account", record_id=state.record_id)
        .select_related("run__model", "connection")
        .order_by("-run_id")[:LAST]
    )
    words: dict[int, Values] = {}
    shown = []
    for change in changes:
        model = change.run.model
        values = words.setdefault(model.pk, Values(model, portfolio))
        shown.append((change, str(Change.State(change.state).label), values.brief(change)))
    return shown


def _findings(state: AccountState, names: labels.Labels) -> list[FindingShown]:
    """What is not mended, those first that wait for somebody."""
    found = Finding.objects.filter(connection=state.connection, account_id=state.record_id)
    unsolved = found.exclude(state=Finding.State.RESOLVED).select_related("connection", "alert__owner")
    return described(sorted(unsolved, key=lambda each: each.state in Finding.RESTING)[:LAST], names)
