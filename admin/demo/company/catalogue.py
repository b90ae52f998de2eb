"""What the company sells: machine components by family, spare parts and service, with standard cost and list price."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from connectors.sandbox.org.org import Org


@dataclass(frozen=True)
class Product:
    """`entry_id` is its price in the price book. `cost` is None where nobody maintains a standard cost."""

    id: str
    entry_id: str
    name: str
    family: str
    price: float
    cost: float | None
    true_cost: float


@dataclass(frozen=True)
class _Family:
    """`cost` is the share of the list price that a product costs to make or buy."""

    name: str
    series: tuple[str, ...]
    sizes: tuple[str, ...]
    cheapest: float
    dearest: float
    cost: float
    costed: bool = True


_FAMILIES = (
    _Family("Drives", ("Geared motor GM", "Planetary gear PG", "Frequency drive FD"),
            ("40", "63", "90", "132", "200"), 640, 15500, 0.64),
    _Family("Pumps & Valves", ("Process pump PP", "Dosing pump DP", "Control valve CV"),
            ("10", "25", "50", "80", "125"), 380, 11800, 0.60),
    _Family("Bearings & Seals", ("Roller bearing RB", "Shaft seal SS", "Bearing housing BH"),
            ("2", "5", "8", "12"), 18, 640, 0.55),
    _Family("Filtration", ("Filter unit FU", "Filter element FE"), ("100", "250", "600", "1000"), 32, 1900, 0.52),
    _Family("Spare Parts", ("Wear kit WK", "Coupling set CS", "Sensor kit SK"), ("A", "B", "C", "D"), 85, 1450, 0.47),
    _Family("Service", ("Inspection", "Condition monitoring year", "Field engineer day", "Overhaul", "Retrofit study"),
            ("",), 290, 3900, 0.58, costed=False),
)  # fmt: skip


@dataclass(frozen=True)
class Catalogue:
    """All products, cheapest first."""

    products: tuple[Product, ...]
    prices: tuple[float, ...]

    def fitting(self, chance: float, budget: float) -> Product:
        """A product that does not cost much more than the budget. `chance` in [0, 1) picks it: rather dear ones."""
        affordable = bisect_right(self.prices, budget * 1.2)
        return self.products[int(max(1, affordable) * chance**0.7)]


def load(org: Org, rng: np.random.Generator) -> Catalogue:
    """Create products and their prices in the standard price book."""
    rows = [row for family in _FAMILIES for row in _rows(family, rng)]
    fields = [{name: value for name, value in row.items() if name not in ("price", "true_cost")} for row in rows]
    ids = org.bulk_load("Product2", fields)
    (book,) = org.find_ids("Pricebook2", "IsStandard", True)
    entry_ids = org.bulk_load(
        "PricebookEntry",
        [
            {"Pricebook2Id": book, "Product2Id": record_id, "UnitPrice": row["price"], "IsActive": True}
            for record_id, row in zip(ids, rows, strict=True)
        ],
    )
    products = [
        Product(
            record_id, entry_id, row["Name"], row["Family"], row["price"], row["Standard_Cost__c"], row["true_cost"]
        )
        for record_id, entry_id, row in zip(ids, entry_ids, rows, strict=True)
        if row["IsActive"]
    ]
    products.sort(key=lambda product: (product.price, product.id))
    return Catalogue(tuple(products), tuple(product.price for product in products))


def _rows(family: _Family, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Product2 rows, with `price` and `true_cost` beside them. The last of each family is no longer sold."""
    names = [f"{series}-{size}" if size else series for series in family.series for size in family.sizes]
    steps = np.linspace(0, 1, len(names)) if len(family.sizes) == 1 else _steps(family)
    rows: list[dict[str, Any]] = []
    for number, (name, step) in enumerate(zip(names, steps, strict=True), 1):
        spread = (family.dearest / family.cheapest) ** float(step)
        price = round(family.cheapest * spread * float(rng.uniform(0.9, 1.1)), 2)
        cost = round(price * family.cost * float(rng.uniform(0.92, 1.08)), 2)
        rows.append({
            "Name": name, "Family": family.name, "IsActive": True, "QuantityUnitOfMeasure": "Each",
            "ProductCode": f"{family.name[:2].upper()}{number:03d}",
            "Standard_Cost__c": cost if family.costed else None, "price": price, "true_cost": cost,
        })  # fmt: skip
    rows[-1]["IsActive"] = False
    return rows


def _steps(family: _Family) -> Sequence[float]:
    """Where each product stands between the cheapest and the dearest: by size, series a little apart."""
    sizes, series = len(family.sizes), len(family.series)
    return [(size + number / series) / sizes for number in range(series) for size in range(sizes)]
