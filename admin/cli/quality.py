"""`tierline quality`: how good the data in the CRM are."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from admin.cli.acting import Json, Portfolio
from admin.cli.output import WRONG_INPUT, Stop, out, print_json, sentences, table


def quality(
    by: Annotated[str, typer.Option(help="Figures by: field, segment or owner.")] = "field",
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
        rows = [_row(each) for each in (*quality_scores.latest(chosen, "all"), *quality_scores.latest(chosen, by))]
        if as_json:
            print_json(rows)
        elif rows:
            table(
                (by, "customers", "to mend", "complete", "valid", "consistent", "fresh"),
                [_shown(by, row) for row in rows],
            )
        else:
            out.print("No figures yet. Each run leaves them: tierline run")


def _row(each: Any) -> dict[str, Any]:
    figures = ("key", "customers", "to_mend", "revenue", "completeness", "validity", "consistency", "timeliness")
    return {
        "name": each.name,
        "day": each.score.day.isoformat(),
        **{name: getattr(each.score, name) for name in figures},
    }


def _shown(by: str, row: dict[str, Any]) -> dict[str, Any]:
    shares = {"complete": "completeness", "valid": "validity", "consistent": "consistency", "fresh": "timeliness"}
    told = {word: "–" if row[name] is None else f"{row[name]:.1%}" for word, name in shares.items()}
    return {by: row["name"], "customers": f"{row['customers']:,}", "to mend": f"{row['to_mend']:,}", **told}
