"""`tierline run approve`, `run drop` and `undo`: what a person decides about a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from admin.cli.output import WRONG_INPUT, Stop, out, print_json, sentences

if TYPE_CHECKING:
    from sync.models import Run

Number = Annotated[int, typer.Argument(help="Number of the run.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def approve(
    number: Number,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="PART", help="Leave a part out: moves, downgrades or lost. May be given several times."),
    ] = None,
    without_account: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Leave out this account (CRM id). May be given several times."),
    ] = None,
) -> None:
    """Let a run that waits go on, without the parts named."""
    with sentences():
        run = _find(number)
        from sync.writing import holding

        parts = [part for part in holding.PARTS if part in (without or [])]
        if strange := set(without or []) - set(parts):
            known = ", ".join(f"{key} ({words})" for key, words in holding.PARTS.items())
            raise Stop(f"'{sorted(strange)[0]}' is no part of a plan.", f"Parts are: {known}.", code=WRONG_INPUT)
        left_out = holding.approve(run, "command line", leave_out=parts, accounts=without_account or [])
        out.print(f"{run} is approved and goes on." + (f" {left_out:,} records are left out." if left_out else ""))


def drop(number: Number) -> None:
    """End a run that waits; nothing more of it is sent."""
    with sentences():
        run = _find(number)
        from sync.writing import holding

        holding.drop(run, "command line")
        out.print(f"{run} is dropped. Nothing more of it was sent.")


def undo(
    number: Number,
    account: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this account (CRM id); may be repeated.")
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this value (tier, segment ...) or field; may be repeated."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be taken back, and stop.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Take a run back: give records what they held before it, but for those that people edited since."""
    with sentences():
        run = _find(number)
        from admin import report
        from sync import queue
        from sync.writing import undoing

        fields = undoing.field_names(run, field or [])
        records = undoing.written(run, {"accounts": account or [], "fields": fields}).count()
        if dry_run:
            _say_what(run, records, as_json=as_json)
            return
        if not yes and not as_json:
            _say_what(run, records, as_json=False)
            if not records:
                return
            typer.confirm("Take it back?", abort=True)
        if not queue.workers_alive(queue.redis()):
            raise Stop("No worker is running, so nothing would happen.", "Start Tierline with: tierline up")
        back = undoing.start(run, "command line", accounts=account or [], fields=fields)
        ended = report.follow(back, quiet=as_json)
        if as_json:
            print_json(report.figures(ended))
        else:
            report.summary(ended)
            report.outcomes(ended)
        if ended.error:
            raise Stop(ended.error, ended.next_step)


def _say_what(run: Run, records: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"run": run.pk, "records": records})
        return
    if not records:
        out.print(f"{run} wrote nothing of this that could be taken back.")
        return
    out.print(
        f"{run} wrote {records:,} records that can be taken back. Those that people edited since are left alone "
        "and listed."
    )


def _find(number: int) -> Run:
    from admin.cli.django_setup import ready

    ready(migrate=True)
    from sync.models import Run

    found = Run.objects.select_related("portfolio", "model").filter(pk=number).first()
    if found is None:
        raise Stop(f"There is no run {number}.", "List them with: tierline runs", code=WRONG_INPUT)
    return found
