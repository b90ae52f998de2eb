"""A comparison of two calibrations as tables: who moves from where to where, and how large the tiers become."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scoring.model import Model
from scoring.money import SCALE


@dataclass(frozen=True)
class Comparison:
    """What a proposal would do. Tiers are keys; money is in whole units of the model's currency."""

    customers: int
    moving: int
    pairs: list[tuple[str, str, int]]
    accounts: list[dict[str, Any]]
    owners: list[dict[str, Any]]
    deals: int
    open_amount: int
    shares: list[tuple[str, float | None, float | None]]
    beside: list[Beside] = field(default_factory=list)

    @property
    def unnamed(self) -> int:
        """Accounts that move and are not kept by name: those with least revenue."""
        return self.moving - len(self.accounts)


@dataclass(frozen=True)
class Beside:
    """The same for a scheme beside the company's: a business unit's, or that of groups.

    `sentence`: what becomes of it, with accounts that get a tier in it and lose theirs.
    """

    name: str
    sentence: str
    told: Comparison


def comparison(stored: Mapping[str, Any], model: Model) -> Comparison:
    """Read a stored comparison; one of an earlier version knows no owners and deals."""
    counts: Mapping[str, int] = stored.get("moves", {})
    before, after = (stored.get("shares", {}).get(side, {}) for side in ("before", "after"))
    ranked = [*model.tiers.keys, *sorted({*before, *after} - set(model.tiers.keys))]
    deals = stored.get("deals", {})
    return Comparison(
        customers=stored.get("customers", 0),
        moving=sum(counts.values()),
        pairs=[(*_pair(words), count) for words, count in counts.items()],
        accounts=[_money(each, "revenue", "open_amount") for each in stored.get("accounts", [])],
        owners=[_money(each, "open_amount") for each in stored.get("owners", [])],
        deals=deals.get("count", 0),
        open_amount=_whole(deals.get("amount", 0)),
        shares=[(key, before.get(key), after.get(key)) for key in ranked if key in before or key in after],
        beside=[Beside(each["name"], _sentence(each), comparison(each, model)) for each in stored.get("beside", [])],
    )


def _sentence(stored: Mapping[str, Any]) -> str:
    """ "12 of 80 would move (15.0 %), 3 get a tier in it, 2 lose theirs"."""
    customers, gaining, losing = (stored[name] for name in ("customers", "gaining", "losing"))
    if stored["is_gone"]:
        return f"It is gone: {losing:,} {'loses its' if losing == 1 else 'lose their'} tier in it."
    if stored["is_new"]:
        return f"It is new: {gaining:,} {'gets' if gaining == 1 else 'get'} a tier in it."
    moving = sum(stored["moves"].values())
    share = f" ({100 * moving / customers:.1f} %)" if customers else ""
    more = [f"{gaining:,} {'gets' if gaining == 1 else 'get'} a tier in it"] if gaining else []
    more += [f"{losing:,} {'loses its' if losing == 1 else 'lose theirs'}"] if losing else []
    return f"{', '.join([f'{moving:,} of {customers:,} would move{share}', *more])}."


def grid(pairs: list[tuple[str, str, int]], model: Model, label: Callable[[str], str]) -> list[dict[str, Any]]:
    """The counts as a square, best tier first: one row for each tier that accounts leave."""
    counts = {(there, here): count for there, here, count in pairs}
    return [
        {"tier": key, "label": label(key), "to": [(to, label(to), counts.get((key, to), 0)) for to in model.tiers.keys]}
        for key in model.tiers.keys
    ]


def _pair(words: str) -> tuple[str, str]:
    there, _, here = words.partition(" > ")
    return there, here


def _money(row: Mapping[str, Any], *columns: str) -> dict[str, Any]:
    return {**row, **{column: _whole(row.get(column, 0)) for column in columns}}


def _whole(scaled: int) -> int:
    return round(scaled / SCALE)
