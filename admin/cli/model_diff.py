"""`tierline model diff`: what another model file would do, before it is published."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from admin.cli import moving
from admin.cli.acting import Json, Portfolio
from admin.cli.output import Stop, out, print_json, sentences, table

if TYPE_CHECKING:
    from scoring.model import Model
    from sync.scores.rehearsing import Rehearsal

_TITLES = {"segment": "Segment", "sub_segment": "Sub-segment", "value_profile": "Value profile"}


def diff(
    file: Annotated[Path, typer.Argument(help="The model file (YAML) to compare with the one in force.")],
    periods: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, max=36, help="Past months to walk the model over, to see how often tiers would move."
        ),
    ] = 6,
    portfolio: Portfolio = "",
    as_json: Json = False,
) -> None:
    """What would move under another model, whom it concerns, which open deals. Nothing is written."""
    with sentences():
        from scoring import model as models

        candidate = models.load(file)
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from admin import moves, portfolios
        from sync.scores import rehearsing, scored

        try:
            found = rehearsing.rehearse(portfolios.choose(portfolio), candidate, periods)
        except scored.NothingScored as error:
            raise Stop(str(error), "Run once: tierline run") from None
        told = moves.comparison({**found.tiers, "customers": found.customers, "beside": found.beside}, candidate)
        if as_json:
            print_json(_document(found, asdict(told)))
            return
        _say(found, candidate)
        out.print("\nTiers by the figures alone; overrides stay as they are:")
        moving.say(told, found.in_force, candidate)
        _churn(found)


def _document(found: Rehearsal, tiers: dict[str, Any]) -> dict[str, Any]:
    values = {
        name: [{"from": old, "to": new, "accounts": count} for old, new, count in pairs]
        for name, pairs in found.values.items()
    }
    turns = [{**asdict(turn), "moved": turn.moved} for turn in found.turns]
    whole = {"as_of": found.as_of, "sections": found.sections, "entering": found.entering, "leaving": found.leaving}
    return {**whole, "unread": found.unread, "values": values, "tiers": tiers, "churn": turns}


def _say(found: Rehearsal, candidate: Model) -> None:
    if not found.sections:
        out.print("The file says what is in force already.")
    else:
        out.print(f"Other sections than in force: {', '.join(found.sections)}. Scored for {found.as_of}.", markup=False)
    for path in found.unread:
        out.print(f"  [yellow]![/] No run has read {path} yet; it counts as empty here.", soft_wrap=True)
    for names, what in ((found.entering, "would become customers"), (found.leaving, "would no longer be customers")):
        if names:
            more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
            out.print(f"{len(names):,} accounts {what}: {', '.join(names[:5])}{more}.", markup=False, soft_wrap=True)
    for name, pairs in found.values.items():
        if not pairs:
            continue
        count = sum(each[2] for each in pairs)
        out.print(
            f"\n{_TITLES[name]}: the rules would give {count:,} accounts another value. It is written where the field "
            "is empty; a value that stands there stays.",
            soft_wrap=True,
        )
        was, will = _labels(found.in_force, name), _labels(candidate, name)
        rows = [{"from": was.get(a, a) or "none", "to": will.get(b, b) or "none", "accounts": n} for a, b, n in pairs]
        table(("from", "to", "accounts"), rows[: moving.SHOWN])


def _churn(found: Rehearsal) -> None:
    if not found.turns:
        return
    out.print("\nTier churn, had this model been in force (moves that need approval count as accepted):")
    rows = [
        {
            "period": turn.as_of,
            "customers": turn.customers,
            "up": turn.up,
            "down": turn.down,
            "moved": f"{100 * turn.moved / turn.customers:.1f} %" if turn.customers else "-",
            "figures alone": turn.by_figures,
            "back again": turn.back,
        }
        for turn in found.turns
    ]
    table(("period", "customers", "up", "down", "moved", "figures alone", "back again"), rows)


def _labels(model: Model, name: str) -> dict[str, str]:
    if name == "segment":
        return {each.key: each.label for each in model.segments}
    if name == "sub_segment":
        return {sub.key: sub.label for each in model.segments for sub in each.sub_segments}
    return {each.key: each.label for each in model.value_profile.profiles}
