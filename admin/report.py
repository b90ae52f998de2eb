"""A run as a person reads it in a terminal, and as figures for a program."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from admin.cli import output as tables
from admin.cli.output import err, out
from sync import labels, tally
from sync.models import Alert, Change, Delivery, Finding, Run, Todo

PAUSE = 0.1
VERDICTS = {
    "done": "[green]✓ verified[/]",
    "failed": "[red]✗ failed[/]",
    "held": "[yellow]waits for approval[/]",
    "dropped": "dropped",
}
RARE = (
    ("detail records written", "details_written"),
    ("detail records removed that merges had left", "merged_details_removed"),
    ("open deals written", "opportunities_written"),
    ("changed again after we wrote", "records_drifted"),
    ("not sent", "records_unprocessed"),
    ("left out on approval", "records_left_out"),
    ("not written again, taken back before (values)", "values_kept_undone"),
)
TIERS = ("platinum", "gold", "silver", "bronze")
FIGURES = (
    "accounts_read",
    "accounts_in_scope",
    "accounts_scored",
    "records_written",
    "records_verified",
    "records_failed",
    "records_superseded",
    "findings",
    "alerts",
)


def follow(run: Run, *, quiet: bool = False, meanwhile: Callable[[], None] | None = None) -> Run:
    """Wait until the run has ended, with a progress bar on standard error; returns the ended run.

    `meanwhile` is called again and again while waiting.
    """
    columns = (
        TextColumn("{task.description:8}"),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, disable=quiet or not err.is_terminal, transient=True) as progress:
        bars = {str(step): progress.add_task(str(step.label), total=None, start=False, note="") for step in run.steps}
        while run.state == Run.State.ACTIVE:
            for step, state in run.progress.items():
                progress.update(
                    bars[step], completed=state["done"], total=state["total"], note=str(state.get("note", ""))
                )
                progress.start_task(bars[step])
            if meanwhile is not None:
                meanwhile()
            time.sleep(PAUSE)
            run = Run.objects.select_related("portfolio").get(pk=run.pk)
    return run


def figures(run: Run) -> dict[str, Any]:
    """What `--json` prints of a run."""
    ended = run.finished_at or timezone.now()
    return {
        **{name: run.counts.get(name, 0) for name in FIGURES},
        "api_calls": run.api_calls,
        "seconds": round((ended - run.started_at).total_seconds(), 1),
        "records_drifted": run.counts.get("records_drifted", 0),
        "details_written": run.counts.get("details_written", 0),
        "merged_details_removed": run.counts.get("merged_details_removed", 0),
        "opportunities_written": run.counts.get("opportunities_written", 0),
        "records_unprocessed": run.counts.get("records_unprocessed", 0),
        "records_planned": run.counts.get("records_planned", 0),
        "records_held_back": run.counts.get("records_held_back", 0),
        "records_left_out": run.counts.get("records_left_out", 0),
        "values_kept_undone": run.counts.get("values_kept_undone", 0),
        "tiers": run.counts.get("tiers", {}),
        "filled": run.counts.get("filled", {}),
        "customer_equity": run.counts.get("customer_equity"),
        "as_of": run.as_of,
        "run": run.pk,
        "kind": run.kind,
        "undoes": run.undoes_id,
        "state": run.state,
        "held": run.held if run.state == Run.State.HELD else [],
        "error": run.error,
    }


def summary(run: Run) -> None:
    """The lines of a finished run, most important first."""
    facts = figures(run)
    names = labels.labels(run.portfolio)
    what = f" (undo of run {run.undoes_id})" if run.undoes_id else ""
    out.print(
        f"[bold]Run {run.pk}[/]{what} · {run.portfolio} · as of {run.as_of or '–'}"
        f" · {facts['seconds']} s · {facts['api_calls']:,} API calls  {VERDICTS.get(run.state, 'running')}"
    )
    read = [("read", "accounts_read"), ("in scope", "accounts_in_scope"), ("scored", "accounts_scored")]
    sent = [
        ("written", "records_written"),
        ("verified", "records_verified"),
        ("failed", "records_failed"),
        ("superseded", "records_superseded"),
    ]
    if run.state == Run.State.HELD:
        sent = [("planned", "records_planned"), *sent]
    lines = (("records", sent),) if run.undoes_id else (("accounts", read), ("records", sent))
    for title, figures_ in lines:
        out.print(f"  {title:10} " + "   ".join(f"{word} [bold]{facts[name]:,}[/]" for word, name in figures_))
    for word, name in RARE:
        if facts[name]:
            out.print(f"  {word} {facts[name]:,}")
    if not run.undoes_id:
        _scores(run, facts, names)
    if run.state == Run.State.DONE and run.notice:
        out.print(f"  [yellow]{run.notice}[/]")
    if run.error:
        out.print(f"  [red]{run.error}[/]\n  → {run.next_step}")


def _scores(run: Run, facts: Mapping[str, Any], names: labels.Labels) -> None:
    from sync.scores import evaluate  # which brings pandas and ibis: a list of runs does without

    if facts["tiers"]:
        _tiers(facts["tiers"], names)
        for note in filter(None, (evaluate.note(run), evaluate.equity(run))):
            out.print(Padding(note, (0, 0, 0, 13), expand=False), soft_wrap=False)
    if facts["filled"]:
        filled = "   ".join(f"{names.field(key).lower()} {n:,}" for key, n in facts["filled"].items())
        out.print(f"  filled     {filled}")
    if run.state == Run.State.DONE:
        out.print(f"  findings   {facts['findings']:,} → {_recipients(run)}")


def waiting(run: Run) -> None:
    """Why a held run waits, what it would move, and how to decide."""
    if run.state != Run.State.HELD:
        return
    names = labels.labels(run.portfolio)
    out.print("\n[yellow]Nothing more is sent until somebody decides.[/] Why:")
    for reason in run.held:
        out.print(f"  [yellow]![/] {reason['message']}\n    → {reason['next_step']}", soft_wrap=True)
    moved = [(old, new, n) for (old, new), n in tally.moves(run.counts).items() if old]
    for old, new, n in sorted(moved, key=lambda move: -move[2]):
        out.print(f"  {n:>8,}  {names.tier(old)} → {names.tier(new) if new else 'no tier'}")
    out.print(
        f"\n  tierline run approve {run.pk}                        send it\n"
        f"  tierline run approve {run.pk} --without downgrades   send the rest of it\n"
        f"  tierline run drop {run.pk}                           send nothing more"
    )


def _tiers(tiers: Mapping[str, int], names: labels.Labels) -> None:
    """A line per tier, so that the bars can be compared."""
    total = sum(tiers.values()) or 1
    ordered = [tier for tier in TIERS if tier in tiers] + [tier for tier in tiers if tier not in TIERS]
    wide = max((len(names.tier(tier)) for tier in ordered), default=0)
    for number, tier in enumerate(ordered):
        title = "" if number else "tiers"
        bar = "▆" * max(1, round(40 * tiers[tier] / total))
        out.print(f"  {title:10} {names.tier(tier):{wide}} {tiers[tier]:>7,}  {bar}", soft_wrap=True)


def _recipients(run: Run) -> str:
    alerts = Alert.objects.filter(portfolio=run.portfolio, state=Alert.State.OPEN)
    owners = alerts.aggregate(n=Count("owner", distinct=True))["n"]
    told = Delivery.objects.filter(pk__in=Delivery.alerts.through.objects.filter(alert__in=alerts).values("delivery"))
    facts = told.aggregate(
        mails=Count("pk", filter=Q(channel="email", state="sent")),
        waiting=Count("pk", filter=Q(channel="email", state="pending")),
        failed=Count("pk", filter=Q(state="failed")),
    )
    todos = Todo.objects.filter(owner__portfolio=run.portfolio, ended="")
    sent = f"{_counted(facts['mails'], 'mail')} sent, {_counted(todos.filter(state='sent').count(), 'task')} in the CRM"
    people = _counted(owners, "person", "people")
    text = f"{_counted(alerts.count(), 'alert')} for {people}: {sent}"
    text += f", {_counted(facts['waiting'], 'mail')} to be sent" if facts["waiting"] else ""
    failed = facts["failed"] + todos.filter(state="failed").count()
    return text + (f", {failed} not delivered" if failed else "")


def _counted(n: int, one: str, many: str = "") -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def outcomes(run: Run, limit: int = 20) -> None:
    """Rows that did not end verified, grouped by why."""
    groups = (
        run.changes.exclude(state__in=(*Change.OPEN, Change.State.VERIFIED))
        .order_by()
        .values("state", "code", "message", "next_step")
        .annotate(n=Count("pk"))
        .order_by("-n")[:limit]
    )
    for row in groups:
        state = Change.State(row["state"]).label
        code = f" ({row['code']})" if row["code"] else ""
        out.print(f"  {row['n']:>6,}  {state}{code}: {row['message']}\n          → {row['next_step']}")


def table(runs: Sequence[Run]) -> None:
    shown = ("accounts_read", "records_written", "records_verified", "records_failed", "findings")
    rows = []
    for run in runs:
        facts = figures(run)
        rows.append(
            {
                "run": run.pk,
                "portfolio": run.portfolio,
                "started": f"{run.started_at:%Y-%m-%d %H:%M}",
                "state": run.get_state_display(),
                **{name.rpartition("_")[2]: f"{facts[name]:,}" for name in shown},
            }
        )
    several = len({run.portfolio_id for run in runs}) > 1
    tables.table([name for name in rows[0] if several or name != "portfolio"] if rows else [], rows)


def open_alerts() -> list[dict[str, Any]]:
    """Open alerts with their number of open findings, the largest first."""
    alerts = (
        Alert.objects.filter(state=Alert.State.OPEN)
        .select_related("owner")
        .annotate(n=Count("findings", filter=Q(findings__state__in=Finding.WAITING)))
        .order_by("-n")
    )
    return [
        {
            "alert": alert.pk,
            "owner": alert.owner.name,
            "email": alert.owner.email,
            "subject": labels.subject(alert.rule, alert.n),
            "findings": alert.n,
            "due_on": alert.due_on,
            "why": alert.routed_because,
        }
        for alert in alerts
    ]


def alert_table(rows: Sequence[Mapping[str, Any]]) -> None:
    told = [
        {**row, "about": row["subject"], "until": f"{row['due_on']:%d %b}", "why this person": row["why"]}
        for row in rows
    ]
    tables.table(("alert", "owner", "about", "until", "why this person"), told)
