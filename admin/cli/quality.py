"""`tierline quality`: how good the data in the CRM are."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from admin.cli.acting import Json, Portfolio
from admin.cli.output import WRONG_INPUT, Stop, out, print_json, sentences, table


def quality(
    by: Annotated[str, typer.Option(help="Figures by: field, segment or owner.")] = "field",
    top: Annotated[
        int, typer.Option(metavar="N", help="Instead of figures: so many findings, most money first.", min=0)
    ] = 0,
    portfolio: Portfolio = "",
    as_json: Json = False,
) -> None:
    """How complete, valid, consistent and fresh the values are, the most revenue to mend first."""
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from admin import portfolios
        from sync.quality import quality_scores

        if by not in quality_scores.BY:
            choices = ", ".join(quality_scores.BY)
            raise Stop(f"There are no figures by '{by}'.", f"Choose one of: {choices}", code=WRONG_INPUT)
        chosen = portfolios.choose(portfolio)
        if top:
            _most_valuable(chosen, top, as_json=as_json)
            return
        rows = [_row(each) for each in (*quality_scores.latest(chosen, "all"), *quality_scores.latest(chosen, by))]
        if as_json:
            print_json(rows)
        elif rows:
            table(
                (by, "customers", "to mend", "complete", "valid", "consistent", "fresh", "accurate"),
                [_shown(by, row) for row in rows],
            )
            if any(row["accuracy"] is None for row in rows):
                from scoring.quality.accuracy import ENOUGH

                out.print(f"accurate –: not enough information, fewer than {ENOUGH} filled values were looked at.")
        else:
            out.print("No figures yet. Each run leaves them: tierline run")


def _most_valuable(chosen: Any, number: int, *, as_json: bool) -> None:
    """Open findings with most money behind them, each with what to do and whose it is."""
    from sync.quality import worth

    rows = worth.top(chosen, number)
    if as_json:
        print_json([_finding(row) for row in rows])
        return
    if not rows:
        out.print("Nothing is open. What a run finds is listed here: tierline run")
        return
    unit = worth.currency(chosen)
    listed = Table.grid(padding=(0, 2))
    listed.add_column(justify="right", no_wrap=True)
    listed.add_column()
    for row in rows:
        owner = row.finding.alert.owner if row.finding.alert else "nobody yet"
        more = f"; {row.others}" if row.others else ""
        said = f"{escape(row.finding.message)}\n{escape(row.finding.fix)}"
        listed.add_row(
            f"[bold]{row.money:,} {unit}[/]", f"{said}\n[dim]{escape(str(owner))}, due {row.finding.due_on}{more}[/]"
        )
    out.print(listed)


def _finding(row: Any) -> dict[str, Any]:
    found = row.finding
    names = ("rule", "kind", "record_id", "record_name", "field", "value", "severity", "message", "fix", "due_on")
    owner = found.alert.owner if found.alert else None
    shown = {name: getattr(found, name) for name in names}
    return {"money": row.money, "findings": row.count, "owner": str(owner or ""), **shown}


def _row(each: Any) -> dict[str, Any]:
    figures = (
        "key",
        "customers",
        "to_mend",
        "revenue",
        "completeness",
        "validity",
        "consistency",
        "timeliness",
        "looked_at",
        "kept",
    )
    return {
        "name": each.name,
        "day": each.score.day.isoformat(),
        **{name: getattr(each.score, name) for name in figures},
        "accuracy": each.score.accuracy.share,
        "accurate": str(each.score.accuracy),
    }


def _shown(by: str, row: dict[str, Any]) -> dict[str, Any]:
    shares = {"complete": "completeness", "valid": "validity", "consistent": "consistency", "fresh": "timeliness"}
    told = {word: "–" if row[name] is None else f"{row[name]:.1%}" for word, name in shares.items()}
    return {
        by: row["name"],
        "customers": f"{row['customers']:,}",
        "to mend": f"{row['to_mend']:,}",
        **told,
        "accurate": "–" if row["accuracy"] is None else row["accurate"],
    }
