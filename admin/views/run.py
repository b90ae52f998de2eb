"""One run: how far it is, what it did, and what became of every record it wanted to change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_safe

from admin.views import decisions, export, paging
from admin.views.published import Shown, Values
from sync import labels, outputs
from sync.links import record_url
from sync.models import AccountState, Change, Run

#: Outcomes that need a look stand first.
ORDER = (
    Change.State.REJECTED,
    Change.State.SUPERSEDED,
    Change.State.DRIFTED,
    Change.State.UNPROCESSED,
    Change.State.LEFT_OUT,
    Change.State.PLANNED,
    Change.State.SENDING,
    Change.State.SENT,
    Change.State.VERIFIED,
)
FIGURES = (
    ("accounts_read", "accounts read"),
    ("accounts_in_scope", "in scope"),
    ("accounts_scored", "scored"),
    ("records_written", "written"),
    ("records_verified", "verified"),
    ("details_written", "detail records written"),
    ("merged_details_removed", "detail records removed that merges had left"),
    ("opportunities_written", "open deals written"),
    ("records_failed", "refused"),
    ("records_superseded", "edited by people meanwhile"),
    ("records_drifted", "changed again after we wrote"),
    ("records_unprocessed", "not sent"),
    ("records_left_out", "left out on approval"),
    ("records_held_back", "not sent again: refused before"),
    ("values_kept_undone", "values kept as a person took them back"),
    ("findings", "open findings"),
    ("alerts", "open alerts"),
)
#: Figures that are shown only when there is something to see.
RARE = {
    "details_written",
    "merged_details_removed",
    "opportunities_written",
    "records_drifted",
    "records_unprocessed",
    "records_left_out",
    "records_held_back",
    "values_kept_undone",
}


@dataclass(frozen=True)
class StepShown:
    """One step of a run. `state` is done, current, held, failed or waiting; `total` 0 while it is not known."""

    label: str
    state: str
    done: int
    total: int
    note: str

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0


@dataclass(frozen=True)
class ChangeShown:
    """One record a run wanted to change."""

    change: Change
    outcome: str
    account: int | None
    url: str
    fields: list[Shown]


@require_safe
def show(request: HttpRequest, number: int) -> HttpResponse:
    """The run with a page of its outcomes, filtered by `outcome`."""
    run = get_object_or_404(Run.objects.select_related("portfolio", "model", "undoes"), pk=number)
    numbers = dict(run.changes.order_by().values_list("state").annotate(n=Count("pk")))
    chosen = request.GET.get("outcome", "")
    if chosen not in Change.State.values:
        chosen = ""
    page = paging.page(request, _changes(run, chosen))
    filters = [("all", "", sum(numbers.values()))]
    filters += [(str(state.label), str(state.value), numbers[state]) for state in ORDER if numbers.get(state)]
    context = {
        **_live(run),
        "outcome": chosen,
        "filters": filters,
        "page": page,
        "changes": _shown(run, page.rows),
        "groups": _groups(run),
        "undoable": decisions.undoable(run),
        "undone_by": run.undone_by.order_by("pk"),
        "moves": decisions.moves(run) if run.state == Run.State.HELD else [],
        "parts": decisions.parts(run) if run.state == Run.State.HELD else [],
    }
    return render(request, "console/run.html", context)


@login_not_required
@require_safe
def progress(request: HttpRequest, number: int) -> HttpResponse:
    """The part of the page that moves. Once the run has ended, the browser is told to load the whole page."""
    if not request.user.is_authenticated:
        login = redirect_to_login(resolve_url("run", number))
        if "HX-Request" not in request.headers:
            return login
        return HttpResponse(headers={"HX-Redirect": login.url})
    run = get_object_or_404(Run.objects.select_related("portfolio"), pk=number)
    response = render(request, "console/_run_progress.html", _live(run))
    if run.state != Run.State.ACTIVE:
        response.headers["HX-Refresh"] = "true"
    return response


@require_safe
def outcomes(request: HttpRequest, number: int) -> StreamingHttpResponse:
    """All outcomes of the run, or those of one kind, as CSV."""
    run = get_object_or_404(Run.objects.select_related("portfolio", "model"), pk=number)
    chosen = request.GET.get("outcome", "")
    return export.csv_file(f"run-{run.pk}-outcomes.csv", _rows(run, chosen))


def _rows(run: Run, chosen: str) -> Iterator[list[Any]]:
    yield ["record", "record id", "field", "before", "after", "outcome", "code", "why", "what to do", "CRM address"]
    changes = _changes(run, chosen if chosen in Change.State.values else "").select_related("connection")
    for part in export.chunks(changes):
        for change in _shown(run, part, brief=False):
            row = change.change
            for field in change.fields or [Shown("", "", "")]:
                yield [
                    row.record_name,
                    row.record_id,
                    field.title,
                    field.before,
                    field.after,
                    change.outcome,
                    row.code,
                    row.message,
                    row.next_step,
                    change.url,
                ]


def _changes(run: Run, chosen: str) -> Any:
    changes = run.changes.select_related("connection").order_by("pk")
    return changes.filter(state=chosen) if chosen else changes


def _live(run: Run) -> dict[str, Any]:
    """What changes while the run works."""
    return {
        "run": run,
        "steps": _steps(run),
        "figures": [(words, run.counts.get(name)) for name, words in FIGURES if _worth_showing(run.counts, name)],
        "tiers": _tiers(run),
        "seconds": ((run.finished_at or timezone.now()) - run.started_at).total_seconds(),
    }


def _worth_showing(counts: Mapping[str, Any], name: str) -> bool:
    return bool(counts.get(name)) if name in RARE else name in counts


def _tiers(run: Run) -> list[tuple[str, str, int]]:
    """Key, label and number of accounts of every tier of this run, the best first."""
    names = labels.labels(run.portfolio)
    counted: dict[str, int] = run.counts.get("tiers", {})
    known = list(names.model.tiers.keys) if names.model else []
    order = [key for key in known if key in counted] + [key for key in counted if key not in known]
    return [(key, names.tier(key), counted[key]) for key in order]


def _steps(run: Run) -> list[StepShown]:
    now = run.steps.index(Run.Step(run.step))
    shown = []
    for position, step in enumerate(run.steps):
        facts = run.progress.get(step.value, {})
        state = "done" if position < now or run.state == Run.State.DONE else "waiting"
        if position == now and run.state != Run.State.DONE:
            state = {"failed": "failed", "dropped": "failed", "held": "held"}.get(run.state, "current")
        total = int(facts.get("total", 0))
        done = total if state == "done" else int(facts.get("done", 0))
        shown.append(StepShown(str(step.label), state, done, total, str(facts.get("note", ""))))
    return shown


def _groups(run: Run) -> list[dict[str, Any]]:
    """Why records were not written as planned: outcome, cause and what to do, with how many, the most first."""
    rows = (
        run.changes.filter(state__in=[state for state in Change.OUTCOMES if state != Change.State.VERIFIED])
        .order_by()
        .values("state", "code", "message", "next_step")
        .annotate(n=Count("pk"))
        .order_by("-n", "state", "code")[:10]
    )
    return [{**row, "outcome": Change.State(row["state"]).label} for row in rows]


def _page_of(change: Change) -> str:
    """Id of the record to show; a detail record goes by an account's id, and stands on the page of its account."""
    return change.account_id if change.kind == outputs.DETAIL else change.record_id


def _shown(run: Run, changes: list[Change], *, brief: bool = True) -> list[ChangeShown]:
    values = Values(run.model, run.portfolio)
    ids = {change.account_id for change in changes}
    accounts = {
        (state.connection_id, state.record_id): state.pk
        for state in AccountState.objects.filter(
            connection__in={change.connection_id for change in changes}, record_id__in=ids
        ).only("pk", "connection_id", "record_id")
    }
    return [
        ChangeShown(
            change,
            str(Change.State(change.state).label),
            accounts.get((change.connection_id, change.account_id)),
            record_url(change.connection, change.kind, _page_of(change)),
            values.brief(change) if brief else values.changed(change),
        )
        for change in changes
    ]
