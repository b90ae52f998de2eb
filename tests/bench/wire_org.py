"""An org for the wire benchmark: so many accounts of the demo's company, ten orders each, one line an order.

python -m tests.bench.wire_org FOLDER [ACCOUNTS]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from admin.demo.company import accounts as account_records
from admin.demo.company import catalogue, customers, org_fields, people
from admin.demo.company.draws import generator
from connectors.sandbox.org.org import Org

ORDERS = 10
SEED = 3
AT_ONCE = 20_000


def build(folder: Path, accounts: int, today: date) -> None:
    """Fill a new org; nothing is entered in fields of ours. Its records were modified a day ago."""
    with Org.open(folder) as org:
        org.set_clock(datetime.now(UTC) - timedelta(days=1))
        org_fields.install(org)
        staff = people.load(org, generator(SEED, "people"), accounts)
        goods = catalogue.load(org, generator(SEED, "catalogue"))
        rng = generator(SEED, "accounts")
        stored = account_records.load(org, rng, customers.draw(rng, accounts, today), staff, today)
        products = [goods.fitting(share / 97, 1000.0) for share in range(97)]
        orders = list(_orders(stored, today))
        for start in range(0, len(orders), AT_ONCE):
            ids = org.bulk_load("Order", orders[start : start + AT_ONCE])
            org.bulk_load("OrderItem", (_line(start + n, order_id, products) for n, order_id in enumerate(ids)))


def _orders(stored: list[account_records.Account], today: date) -> Iterator[dict[str, Any]]:
    for number, account in enumerate(stored):
        for turn in range(ORDERS):
            day = today - timedelta(days=7 + 31 * turn + number % 29)
            yield {"AccountId": account.id, "OwnerId": account.owner, "EffectiveDate": day, "Status": "Activated"}


def _line(number: int, order_id: str, products: list[catalogue.Product]) -> dict[str, Any]:
    product = products[number * 31 % len(products)]
    quantity = 1 + number * 7 % 23
    cost = round(product.true_cost * quantity, 2)
    line = {"OrderId": order_id, "PricebookEntryId": product.entry_id, "Quantity": quantity}
    return {**line, "UnitPrice": product.price, "Cost__c": cost}


if __name__ == "__main__":
    size = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    build(Path(sys.argv[1]), size, datetime.now(UTC).date())
