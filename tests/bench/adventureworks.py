"""Tiers and cost to serve of the resellers in adventureworks, as a report for somebody in finance.

`python -m tests.bench.adventureworks`; part of `make bench`. Writes `adventureworks.md`, which a person reads, and
`adventureworks.csv`, a row per customer, to bench-results/. Every sum is of the rows of that file, so that it can be
checked in a spreadsheet.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from scoring import cost_to_serve
from scoring.money import SCALE
from tests.admin.companies import DATA, Company, company

RESULTS = Path("bench-results")
LARGEST = 30


def main() -> None:
    if not DATA.is_dir():
        print(f"adventureworks left out: {DATA} is not there")
        return
    with tempfile.TemporaryDirectory(prefix="tierline-finance-") as home:
        found = company("adventureworks", Path(home))
        with found.org:
            customers = rows(found)
            text = "\n".join(report(found, customers))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "adventureworks.md").write_text(text + "\n")
    customers.to_csv(RESULTS / "adventureworks.csv", index=False)
    print(f"kept in {RESULTS}/adventureworks.md and adventureworks.csv")


def rows(found: Company) -> pd.DataFrame:
    """One row per customer in scope, the largest revenue first: account, name, tier, money in USD, cost per item."""
    frame, scores = found.features(), found.scores
    items = {
        f"cost_of_{item.many.replace(' ', '_')}": item.cost / SCALE for item in cost_to_serve.items(frame, found.model)
    }
    table = pd.DataFrame(
        {
            "account": frame["account_id"],
            "name": frame["name"],
            "tier": scores["tier"],
            "orders": frame["orders"],
            "revenue": frame["revenue"] / SCALE,
            "product_cost": frame["product_cost"] / SCALE,
            "gross_margin": (frame["revenue"] - frame["product_cost"]) / SCALE,
            **items,
            "cost_to_serve": scores["cost"].astype("Float64") / SCALE,
            "cost_per_100_of_margin": scores["cost_to_serve"],
            "reason": scores["short_reason"],
        }
    )
    table["left_after_service"] = table["gross_margin"] - table["cost_to_serve"]
    kept = table[scores["in_scope"].to_numpy(bool)]
    return kept.sort_values(["revenue", "account"], ascending=[False, True]).reset_index(drop=True)


def report(found: Company, customers: pd.DataFrame) -> Iterator[str]:
    model, cuts = found.model, found.calibration.cuts
    first = found.as_of.replace(year=found.as_of.year - 1)
    yield "# What the resellers bring, and what serving them costs"
    yield ""
    yield f"{len(customers)} resellers that have ordered; orders from {first} to the day before {found.as_of}, in USD."
    yield "Gross margin is revenue minus product cost. Cost to serve is freight plus work of the order desk: 20 minutes"
    rate = model.cost_to_serve.cost_per_minute["order_desk"]
    yield f"an order, 2 a line, 15 more where an order is below 500, at {rate:.2f} a minute."
    yield ""
    yield "## By tier"
    yield from by_tier(customers, model.tiers)
    yield ""
    value, cost = cuts.at["value"][0], cuts.at["cost"][0]
    yield f"High value begins at {value:g} points, high cost at {cost:g} per 100 of margin. {cuts.note}"
    yield ""
    yield from large_accounts(customers)
    yield from thin_margins(customers)
    yield "## The thirty largest by revenue"
    yield from listed(customers.head(LARGEST))
    yield ""
    yield "## The ten that lose most once they are served"
    yield from listed(customers.sort_values("left_after_service").head(10))


def by_tier(customers: pd.DataFrame, tiers: Any) -> Iterator[str]:
    """Sums per tier, and of all."""
    money = ["revenue", "product_cost", "gross_margin", "cost_of_freight", "cost_to_serve", "left_after_service"]
    sums = customers.groupby("tier")[["orders", *money]].sum().reindex(list(tiers.keys)).fillna(0)
    counts = customers["tier"].value_counts()
    yield from heads(
        "Tier", "Customers", "Orders", *(name.removeprefix("cost_of_").replace("_", " ").capitalize() for name in money)
    )
    for key, row in sums.iterrows():
        yield line(tiers.label(key), counts.get(key, 0), row["orders"], *row[money])
    whole = customers[["orders", *money]].sum()
    yield line("**All**", len(customers), whole["orders"], *whole[money])


def large_accounts(customers: pd.DataFrame) -> Iterator[str]:
    """Whether size makes a customer costly: the cost axis is per 100 of margin, so it should not."""
    large = customers.head(len(customers) // 10)
    losing = int((large["gross_margin"] < 0).sum())
    costly = int((large["tier"].isin(["gold", "bronze"]) & (large["gross_margin"] >= 0)).sum())
    rest = len(large) - losing
    yield f"Of the {len(large)} largest customers by revenue (a tenth), {losing} are sold to below product cost: any"
    yield f"service is too much there. Of the other {rest}, {costly} are costly to serve and {rest - costly} are not:"
    yield "the axis is cost per 100 of gross margin, so size alone makes nobody costly."
    yield ""


def thin_margins(customers: pd.DataFrame) -> Iterator[str]:
    below, bought = customers[customers["gross_margin"] < 0], customers[customers["orders"] > 0]
    turned = bought[(bought["gross_margin"] > 0) & (bought["left_after_service"] < 0)]
    lost, eaten = amount(below["gross_margin"].sum()), amount(turned["left_after_service"].sum())
    idle = len(customers) - len(bought)
    yield f"{len(bought)} ordered in these twelve months; the other {idle} brought and cost nothing."
    yield f"{len(below)} were sold to below product cost, {lost} together; another {len(turned)} have a gross margin"
    yield f"that freight and work use up, {eaten} together."
    yield ""


def listed(customers: pd.DataFrame) -> Iterator[str]:
    yield from heads(
        "Customer", "Tier", "Revenue", "Gross margin", "Freight", "Cost to serve", "Per 100", "Left after service"
    )
    for row in customers.to_dict("records"):
        relative = "-" if pd.isna(row["cost_per_100_of_margin"]) else f"{row['cost_per_100_of_margin']:.1f}"
        figures = (row[name] for name in ("revenue", "gross_margin", "cost_of_freight", "cost_to_serve"))
        yield line(row["name"], str(row["tier"]).capitalize(), *figures, relative, row["left_after_service"])


def heads(*names: str) -> Iterator[str]:
    yield ""
    yield line(*names)
    yield line(*("---" if number == 0 else "---:" for number, _ in enumerate(names)))


def line(*cells: object) -> str:
    return "| " + " | ".join(_cells(cells)) + " |"


def _cells(cells: Iterable[object]) -> Iterator[str]:
    for cell in cells:
        yield cell if isinstance(cell, str) else amount(cell)


def amount(figure: Any) -> str:
    """Whole units, thousands apart."""
    return f"{float(figure):,.0f}"


if __name__ == "__main__":
    main()
