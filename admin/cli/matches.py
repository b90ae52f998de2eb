"""`tierline matches`: companies that have a record in both CRMs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from admin.cli.acting import As, Json, Portfolio, actor
from admin.cli.django_setup import portfolio_called
from admin.cli.output import WRONG_INPUT, Stop, out, print_json, sentences, table

if TYPE_CHECKING:
    from sync.models import Match
    from sync.models import Portfolio as PortfolioRow

app = typer.Typer(
    help="Companies in two CRMs: see which records are one company, confirm or reject what is proposed.",
    no_args_is_help=True,
)

Numbers = Annotated[list[int] | None, typer.Argument(help="Numbers of matches, from: tierline matches list")]
Proposed = Annotated[bool, typer.Option("--all", help="Every match that is proposed.")]
COLUMNS = ("match", "state", "first", "second", "why")


@app.command("list")
def list_all(
    every: Annotated[bool, typer.Option("--all", help="Also those that are decided.")] = False,
    portfolio: Portfolio = "",
    as_json: Json = False,
) -> None:
    """Matches that wait for a decision, the strongest first; with --all every match there is."""
    with sentences():
        chosen = portfolio_called(portfolio)
        rows = [_row(match) for match in _found(chosen) if every or match.state == match.State.PROPOSED]
        if as_json:
            print_json(rows)
            return
        if rows:
            table(COLUMNS, rows)
        from sync.matching import matches

        counts = matches.counts(chosen)
        out.print(
            f"{counts['confirmed']:,} companies are in both CRMs, {counts['proposed']:,} proposals wait, "
            f"{counts['rejected']:,} were rejected."
            if matches.crms_of(chosen)
            else "This portfolio has one CRM; with a second one, companies in both are matched by every run."
        )


@app.command()
def confirm(
    numbers: Numbers = None, every: Proposed = False, by: As = "", portfolio: Portfolio = "", as_json: Json = False
) -> None:
    """These are one company each: scored once, written to both."""
    _decide("confirmed", numbers, every, by, portfolio, as_json)


@app.command()
def reject(
    numbers: Numbers = None, every: Proposed = False, by: As = "", portfolio: Portfolio = "", as_json: Json = False
) -> None:
    """These are two companies each, also where they were matched; they are not proposed again."""
    _decide("rejected", numbers, every, by, portfolio, as_json)


def _decide(decision: str, numbers: list[int] | None, every: bool, by: str, portfolio: str, as_json: bool) -> None:
    with sentences():
        if bool(numbers) == every:
            raise Stop("It is not clear which matches are meant.", "Give their numbers, or --all.", code=WRONG_INPUT)
        chosen = portfolio_called(portfolio)
        found = _chosen(chosen, numbers or [])
        from sync.matching import matches

        act = matches.confirm if decision == "confirmed" else matches.reject
        try:
            count = act(found, actor(by))
        except matches.Refused as error:
            raise Stop(str(error), code=WRONG_INPUT) from None
        if as_json:
            print_json({"decision": decision, "matches": count})
            return
        out.print(f"{count:,} {'match is' if count == 1 else 'matches are'} {decision}. The next run acts on it.")


def _chosen(portfolio: PortfolioRow, numbers: list[int]) -> list[Match]:
    """Those of these numbers, and all that are proposed without any."""
    every = _found(portfolio)
    if not numbers:
        return [match for match in every if match.state == match.State.PROPOSED]
    found = [match for match in every if match.pk in numbers and match.state != match.State.RELEASED]
    if missing := sorted(set(numbers) - {match.pk for match in found}):
        raise Stop(f"There is no match {missing[0]}.", "See those there are: tierline matches list --all",
                   code=WRONG_INPUT)  # fmt: skip
    return found


def _found(portfolio: PortfolioRow) -> list[Match]:
    from sync.models import Match

    rows = Match.objects.filter(portfolio=portfolio).select_related("first", "second", "portfolio")
    return list(rows.order_by("-strength", "pk"))


def _row(match: Match) -> dict[str, object]:
    return {
        "match": match.pk,
        "state": match.get_state_display(),
        "first": f"{match.first_name} ({match.first} {match.first_record})",
        "second": f"{match.second_name} ({match.second} {match.second_record})",
        "how": match.how,
        "strength": match.strength,
        "why": match.why,
        "decided by": match.decided_by,
    }
