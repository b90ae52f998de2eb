"""`tierline run`: start a run and follow it; `run show`, `runs`: look at what there is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from admin.cli import decisions
from admin.cli.output import WAITS, WRONG_INPUT, Stop, out, print_json, sentences

app = typer.Typer(
    help="Start a run and follow it, show one, or decide about one that waits.", invoke_without_command=True
)
app.command()(decisions.approve)
app.command()(decisions.drop)

Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]
Portfolio = Annotated[str, typer.Option(help="Name of the portfolio, when there are several.")]


@app.callback()
def run(
    context: typer.Context,
    portfolio: Portfolio = "",
    today: Annotated[
        datetime | None, typer.Option(metavar="YYYY-MM-DD", formats=["%Y-%m-%d"], help="Run as if it were this day.")
    ] = None,
    incremental: Annotated[
        bool, typer.Option("--incremental", help="Look only at accounts that something touched since the last run.")
    ] = False,
    account: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Look at this account (CRM id), incrementally; may be repeated."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read, score, write back, verify, check and alert, once. Exit code 3: the run waits for approval."""
    if context.invoked_subcommand:
        return
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from admin import portfolios, report
        from sync import queue, starting
        from sync.models import Run
        from sync.reading import dirty

        chosen = portfolios.choose(portfolio)
        redis = queue.redis()
        if not queue.workers_alive(redis):
            raise Stop("No worker is running, so nothing would happen.", "Start Tierline with: tierline up")
        portfolios.check_connections(chosen)
        kind = Run.Kind.INCREMENTAL if incremental or account else Run.Kind.FULL
        for connection in chosen.crms() if account else ():
            dirty.mark(connection, account or [], "asked for on the command line")
        started = starting.start(chosen, "command line", today=today.date() if today else None, kind=kind)
        finished = report.follow(started, quiet=as_json)
        if as_json:
            print_json(report.figures(finished))
        else:
            report.summary(finished)
            report.waiting(finished)
        if finished.error:
            raise Stop(finished.error, finished.next_step)
        if finished.held and not finished.decided_by:
            raise typer.Exit(WAITS)


@app.command()
def show(number: Annotated[int, typer.Argument(help="Number of the run.")], as_json: Json = False) -> None:
    """What a run did, and what became of every row that did not go through."""
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from admin import report
        from sync.models import Run

        found = Run.objects.filter(pk=number).first()
        if found is None:
            raise Stop(f"There is no run {number}.", "List them with: tierline runs", code=WRONG_INPUT)
        if as_json:
            print_json(report.figures(found))
        else:
            report.summary(found)
            report.outcomes(found)
            report.waiting(found)


def runs(as_json: Json = False) -> None:
    """The latest runs, newest first."""
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from admin import report
        from sync.models import Run

        latest = list(Run.objects.exclude(kind=Run.Kind.ANSWER).select_related("portfolio")[:20])
        if as_json:
            print_json([report.figures(one) for one in latest])
        elif not latest:
            out.print("No run yet. Start one with: tierline run")
        else:
            report.table(latest)
