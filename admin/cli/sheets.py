"""`tierline alerts export` and `import`: a person's findings as a sheet, and the sheet filled in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from admin.cli.acting import Json, Portfolio, actor
from admin.cli.output import FAILED, WRONG_INPUT, Stop, out, print_json, sentences, table

if TYPE_CHECKING:
    from sync.fixing.sheet import Plan
    from sync.models import Portfolio as Chosen
    from sync.models import Run

Email = Annotated[str, typer.Argument(help="E-mail address of the person whose findings these are.")]
PREVIEW = ("account", "field", "now", "then")
OUTCOMES = ("account", "outcome", "message")


def export(
    email: Email,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write.", show_default="screen")] = None,
    portfolio: Portfolio = "",
) -> None:
    """Write a person's findings as CSV, to fill in the column "new value"."""
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from admin import portfolios
        from sync.fixing import sheet
        from sync.models import Owner

        chosen = portfolios.choose(portfolio)
        people = list(Owner.objects.filter(portfolio=chosen, email__iexact=email.strip()))
        if not people:
            known = "List who has some with: tierline owners"
            raise Stop(f"Nobody with the address {email} has findings.", known, code=WRONG_INPUT)
        asked = [question for person in people for question in sheet.asked_of(person)]
        text = sheet.written(sheet.rows(chosen, asked))
        if output is None:
            typer.echo(text, nl=False)
            return
        output.write_text(text, encoding="utf-8", newline="")
        out.print(f"{len(asked):,} findings written to {output}. Fill in the last column, then: tierline alerts import")


def take(
    file: Annotated[Path, typer.Argument(help="The CSV file that was filled in.", exists=True, dir_okay=False)],
    email: Annotated[
        str, typer.Option("--as", metavar="EMAIL", help="User of the CRM in whose name, and with whose rights.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and stop.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    portfolio: Portfolio = "",
    as_json: Json = False,
) -> None:
    """Write what was filled in to the CRM: shown first, with an outcome for each row."""
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from admin import portfolios
        from sync.fixing import sheet

        chosen = portfolios.choose(portfolio)
        try:
            text = file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise Stop(f"{file} is not in UTF-8.", 'Save it as "CSV UTF-8".', code=WRONG_INPUT) from None
        found = sheet.plan(chosen, sheet.read(text))
        if not as_json:
            _preview(found)
        if found.changes and not dry_run and not (yes or as_json):
            typer.confirm("Write it?", abort=True)
        runs = [] if dry_run else _write(chosen, found, email)
        rows = [row for run in runs for row in _outcomes(run)]
        if as_json:
            print_json({**_planned(found), "outcomes": rows})
        elif rows:
            table(OUTCOMES, rows)
        if found.refused or any(row["outcome"] != "verified" for row in rows):
            raise typer.Exit(FAILED)


def _preview(found: Plan) -> None:
    planned = _planned(found)
    if planned["changes"]:
        table(PREVIEW, planned["changes"])
    if planned["refused"]:
        out.print(f"Not taken: {len(found.refused)}")
        table(("row", "account", "why"), planned["refused"])
    out.print(f"{len(found.changes):,} accounts would change, {found.unchanged:,} rows ask for nothing.")


def _planned(found: Plan) -> dict[str, list[dict[str, Any]]]:
    """What a sheet would do, as rows."""
    changes = [
        {"account": each.account, "field": each.title, "now": each.before or "empty", "then": each.after}
        for each in found.changes
    ]
    refused = [{"row": each.line, "account": each.account, "why": each.why} for each in found.refused]
    return {"changes": changes, "refused": refused}


def _write(chosen: Chosen, found: Plan, email: str) -> list[Run]:
    """One answer for each CRM and portion of the changes."""
    from sync.fixing import answering
    from sync.models import Connection
    from sync.rows import portions

    runs = []
    for connection in Connection.objects.filter(pk__in={each.answer.connection for each in found.changes}):
        who = answering.answerer(connection, email, "file", actor(""))
        mine = [each.answer for each in found.changes if each.answer.connection == connection.pk]
        for some in portions(mine, answering.MOST):
            runs.append(answering.finish(answering.answer(chosen, who, some)))
    return runs


def _outcomes(run: Run) -> list[dict[str, Any]]:
    """What became of each record; of those the workers still have, that."""
    left = run.error or "the workers go on with it" if not run.changes.exists() else ""
    rows = [
        {"account": each.record_name, "outcome": each.state, "message": f"{each.message} {each.next_step}".strip()}
        for each in run.changes.filter(kind="account")
    ]
    return rows or [{"account": f"run {run.pk}", "outcome": run.state, "message": left}]
