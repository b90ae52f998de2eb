"""`tierline calibrations`: where the boundaries between tiers lie, and proposals to move them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from admin.cli import moving
from admin.cli.acting import As, Json, Portfolio, actor
from admin.cli.output import WRONG_INPUT, Stop, out, print_json, sentences, table

if TYPE_CHECKING:
    from sync.models import Calibration

app = typer.Typer(
    help="Boundaries of the tiers: compare a proposal with those in force, publish it, or go back.",
    no_args_is_help=True,
)

Number = Annotated[int, typer.Argument(help="Number of the calibration, from: tierline calibrations list")]


@app.command("list")
def list_all(portfolio: Portfolio = "", as_json: Json = False) -> None:
    """Calibrations of the model in force, the newest first."""
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from admin import portfolios
        from sync.governance import calibrations

        model = portfolios.choose(portfolio).model_in_force()
        held = calibrations.current(model) if model else None
        found = model.calibrations.order_by("-as_of", "-pk") if model else ()
        rows = [_row(each, held) for each in found]
        if as_json:
            print_json(rows)
        elif rows:
            table(("calibration", "state", "as of", "moves", "customers", "decided by"), rows)
        else:
            out.print("No calibration yet. The first run makes one; a later review date proposes the next.")


@app.command()
def show(number: Number, as_json: Json = False) -> None:
    """Who would move: counts, accounts with revenue, owners, open deals, and the size of the tiers."""
    with sentences():
        found = _find(number)
        from admin import moves
        from sync import outputs
        from sync.governance import calibrations

        row = _row(found, calibrations.current(found.model))
        model = outputs.model(found.model)
        told = moves.comparison(found.comparison, model)
        if as_json:
            print_json({**row, "comparison": asdict(told)})
            return
        out.print(f"Calibration {number} of {found.as_of}: {row['state']}.", markup=False)
        if note := calibrations.note(found):
            out.print(note, markup=False)
        if not found.comparison:
            out.print("It came with its model, so it is compared with nothing.")
            return
        moving.say(told, model, model)


@app.command()
def publish(number: Number, by: As = "", as_json: Json = False) -> None:
    """Put a calibration in force from the next run on; an earlier one again is how one goes back."""
    with sentences():
        found = _find(number)
        from sync.governance import calibrations

        calibrations.publish(found, actor(by))
        _done(found, f"Calibration {number} of {found.as_of} is in force from the next run on.", as_json)


@app.command()
def reject(number: Number, by: As = "", as_json: Json = False) -> None:
    """Leave a proposal aside; the calibration in force stays."""
    with sentences():
        found = _find(number)
        from sync.governance import calibrations

        calibrations.reject(found, actor(by))
        _done(found, f"Calibration {number} of {found.as_of} is rejected; nothing changes.", as_json)


def _find(number: int) -> Calibration:
    from admin.cli.django_setup import ready

    ready(migrate=True)
    from sync.models import Calibration

    found = Calibration.objects.select_related("model__portfolio").filter(pk=number).first()
    if found is None:
        raise Stop(f"There is no calibration {number}.", "List them with: tierline calibrations list", code=WRONG_INPUT)
    return found


def _row(each: Calibration, held: Calibration | None) -> dict[str, Any]:
    state = "in force" if each == held else "earlier" if each.state == each.State.PUBLISHED else each.state
    return {
        "calibration": each.pk,
        "state": state,
        "as of": each.as_of,
        "moves": sum(each.comparison.get("moves", {}).values()) if each.comparison else None,
        "customers": each.comparison.get("customers") if each.comparison else None,
        "published_at": each.published_at,
        "decided by": each.decided_by,
    }


def _done(found: Calibration, sentence: str, as_json: bool) -> None:
    if not as_json:
        out.print(sentence)
        return
    from sync.governance import calibrations

    found.refresh_from_db()
    print_json(_row(found, calibrations.current(found.model)))
