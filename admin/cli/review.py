"""`tierline review`: moves of the tier that wait for the review round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from admin.cli.acting import As, Json, Portfolio, actor
from admin.cli.django_setup import portfolio_called
from admin.cli.output import WRONG_INPUT, Stop, out, print_json, sentences, table

if TYPE_CHECKING:
    from sync.models import Portfolio as PortfolioRow
    from sync.models import TierMove

app = typer.Typer(
    help="The review round: see the moves of tiers that wait, accept, reject or put them off.", no_args_is_help=True
)

Numbers = Annotated[list[int] | None, typer.Argument(help="Numbers of moves, from: tierline review list")]
All = Annotated[bool, typer.Option("--all", help="Every move that waits.")]
Comment = Annotated[str, typer.Option(help="Why; it is kept with the decision.")]
COLUMNS = ("move", "account", "from", "to", "value score", "as of", "why")


@app.command("list")
def list_all(portfolio: Portfolio = "", as_json: Json = False) -> None:
    """Moves that wait for a decision, the most valuable accounts first."""
    with sentences():
        chosen = portfolio_called(portfolio)
        from sync.governance import reviewing

        rows = [
            {
                "move": move.pk,
                "account": move.account.name,
                "record_id": move.account.record_id,
                "from": move.before,
                "to": move.after,
                "value score": move.account.value_score,
                "as of": move.as_of,
                "why": move.why,
            }
            for move in reviewing.waiting(chosen)
        ]
        if as_json:
            print_json(rows)
        elif rows:
            table(COLUMNS, rows)
        else:
            out.print("No move waits. Moves appear here after a run, if the model has tiers: stability: approval.")


@app.command()
def accept(
    numbers: Numbers = None, every: All = False, comment: Comment = "", by: As = "", portfolio: Portfolio = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Let these moves happen with the next run."""
    _decide("accepted", numbers, every, comment, by, portfolio, as_json)


@app.command()
def reject(
    numbers: Numbers = None, every: All = False, comment: Comment = "", by: As = "", portfolio: Portfolio = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Keep the tiers as they are; a comment has to say why."""
    _decide("rejected", numbers, every, comment, by, portfolio, as_json)


@app.command()
def defer(
    numbers: Numbers = None, every: All = False, comment: Comment = "", by: As = "", portfolio: Portfolio = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Put these moves off until the next round."""
    _decide("deferred", numbers, every, comment, by, portfolio, as_json)


def _decide(
    decision: str, numbers: list[int] | None, every: bool, comment: str, by: str, portfolio: str, as_json: bool
) -> None:
    with sentences():
        if bool(numbers) == every:
            raise Stop("It is not clear which moves are meant.", "Give their numbers, or --all.", code=WRONG_INPUT)
        moves = _moves(portfolio_called(portfolio), numbers or [])
        from sync.governance import reviewing

        count = reviewing.decide(moves, decision, actor(by), comment)
        if as_json:
            print_json({"decision": decision, "moves": count})
            return
        done = {"accepted": "accepted", "rejected": "rejected", "deferred": "put off"}[decision]
        out.print(f"{count:,} {'move is' if count == 1 else 'moves are'} {done}. The next run acts on it.")


def _moves(portfolio: PortfolioRow, numbers: list[int]) -> list[TierMove]:
    """Those that wait under these numbers, all of them without any."""
    from sync.governance import reviewing

    waiting = list(reviewing.waiting(portfolio))
    if not numbers:
        return waiting
    found = [move for move in waiting if move.pk in numbers]
    if missing := sorted(set(numbers) - {move.pk for move in found}):
        raise Stop(
            f"Move {missing[0]} does not wait for a decision.", "See those that do: tierline review list",
            code=WRONG_INPUT,
        )  # fmt: skip
    return found
