"""`tierline scenario`: what would change if a minute of somebody's work cost more or less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from admin.cli.output import WRONG_INPUT, Stop, out, print_json, sentences

if TYPE_CHECKING:
    from scoring.model import Model
    from scoring.scenario import Scenario


def scenario(
    rate: Annotated[
        list[str],
        typer.Option(metavar="ROLE=COST", help="Cost per minute of a role, e.g. service=1.30; may be repeated."),
    ],
    refit: Annotated[
        bool, typer.Option("--refit", help="Cut the tiers anew, as the next calibration would, not where they are cut.")
    ] = False,
    portfolio: Annotated[str, typer.Option(help="Name of the portfolio, when there are several.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")] = False,
) -> None:
    """How cost to serve and tiers would change under other rates. Nothing is written."""
    with sentences():
        rates = _rates(rate)
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from admin import portfolios
        from scoring.scenario import UnknownRole
        from sync.scores import scenarios, scored

        try:
            model, found = scenarios.rates(portfolios.choose(portfolio), rates, refit=refit)
        except UnknownRole as error:
            raise Stop(str(error), "Roles stand under cost_to_serve: cost_per_minute.", code=WRONG_INPUT) from None
        except scored.NothingScored as error:
            raise Stop(str(error), "Run once: tierline run") from None
        if as_json:
            moves = [{"from": old, "to": new, "customers": count} for (old, new), count in found.moves.items()]
            print_json({**asdict(found), "moves": moves})
        else:
            _say(model, found)


def _rates(given: Sequence[str]) -> dict[str, float]:
    """Role -> cost per minute of "service=1.30"."""
    rates = {}
    for text in given:
        role, _, amount = text.partition("=")
        try:
            rates[role.strip()] = float(amount)
        except ValueError:
            raise Stop(f"'{text}' is no rate.", "Write it like this: --rate service=1.30", code=WRONG_INPUT) from None
        if not 0 <= rates[role.strip()] <= 1_000_000:
            raise Stop(f"'{text}' is no cost of a minute.", "It is 0 or more, in the currency.", code=WRONG_INPUT)
    return rates


def _say(model: Model, found: Scenario) -> None:
    from scoring.money import SCALE

    before, after = (cost / SCALE for cost in found.cost)
    change = f" ({100 * (after - before) / before:+.1f} %)" if before else ""
    costs = f"{before:,.0f} → [bold]{after:,.0f}[/] {model.currency}{change}"
    out.print(f"Cost to serve of {found.customers:,} customers: {costs}")
    now, then = found.tiers
    out.print("  tiers      " + "   ".join(f"{model.tiers.label(key)} {now[key]:,} → {then[key]:,}" for key in now))
    if not found.moves:
        out.print("  No tier would move.")
    for (old, new), count in found.moves.items():
        out.print(f"  {count:>8,}  {model.tiers.label(old)} → {model.tiers.label(new)}")
    if found.accounts:
        out.print("\nMost affected:")
    for each in found.accounts:
        old, new = (model.tiers.label(key) for key in each.tier)
        costs = " → ".join(f"{cost / SCALE:,.0f}" for cost in each.cost)
        tier = f"{old} → {new}" if old != new else old
        out.print(f"  {each.name}: {costs} {model.currency}, {tier}", soft_wrap=True, markup=False)
