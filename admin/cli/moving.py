"""Who moves from tier to tier, on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from admin.cli.output import out, table

if TYPE_CHECKING:
    from admin.moves import Comparison
    from scoring.model import Model

#: Accounts and owners on the terminal; --json has all that are kept.
SHOWN = 20


def say(told: Comparison, before: Model, after: Model) -> None:
    """Counts, sizes of the tiers, owners and accounts; tiers by the labels of the model that has them."""
    share = 100 * told.moving / told.customers if told.customers else 0
    out.print(
        f"{told.moving:,} of {told.customers:,} customers would move ({share:.1f} %), with {told.deals:,} open deals "
        f"of {told.open_amount:,} {after.currency} in all.\n",
        soft_wrap=True,
    )
    table(("from", "to", "accounts"), _pairs(told, before, after))
    sizes = [
        {"tier": _label(key, after if new is not None else before), "before": _percent(old), "after": _percent(new)}
        for key, old, new in told.shares
    ]
    table(("tier", "before", "after"), sizes)
    if told.owners:
        table(("owner", "accounts", "open deals", "amount"), [_row(each, "name") for each in told.owners[:SHOWN]])
    rows = [
        {**_row(each, "owner"), "from": _label(each["from"], before), "to": _label(each["to"], after)}
        for each in told.accounts[:SHOWN]
    ]
    if rows:
        table(("account", "from", "to", "revenue", "owner", "open deals", "amount"), rows)
    if told.moving > len(rows):
        kept = f" {told.unnamed:,} of them are counted and not named." if told.unnamed else ""
        out.print(f"... and {told.moving - len(rows):,} more. All that are named are in: --json.{kept}")
    for side in told.beside:
        out.print(f"\n{side.name}: {side.sentence}", markup=False, soft_wrap=True)
        if side.told.pairs:
            pairs = [
                {"from": _label(a, before), "to": _label(b, after), "accounts": f"{n:,}"} for a, b, n in side.told.pairs
            ]
            table(("from", "to", "accounts"), pairs)


def _pairs(told: Comparison, before: Model, after: Model) -> list[dict[str, str]]:
    return [{"from": _label(a, before), "to": _label(b, after), "accounts": f"{n:,}"} for a, b, n in told.pairs]


def _row(each: dict[str, Any], owner: str) -> dict[str, Any]:
    """An account or an owner; one of an earlier version knows no owner and no deals."""
    amounts = {name: f"{each[name]:,}" for name in ("revenue", "accounts", "open_amount", "deals") if name in each}
    return {
        "account": each.get("name", ""),
        "owner": each.get(owner, ""),
        "accounts": amounts.get("accounts", ""),
        "revenue": amounts.get("revenue", ""),
        "open deals": amounts.get("deals", ""),
        "amount": amounts.get("open_amount", ""),
    }


def _label(key: str, model: Model) -> str:
    return model.tiers.label(key) if key in model.tiers.keys else key


def _percent(share: float | None) -> str:
    return "0.0 %" if share is None else f"{100 * share:.1f} %"
