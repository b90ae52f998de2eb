"""The standard price book: order and opportunity lines can only be sold from an entry of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connectors.sandbox.org.org import Org


class StandardPriceBook:
    """Entries of an org's standard price book, made as they are needed.

    Attributes:
        id: of the Pricebook2 record.
        added: entries made through this object.
    """

    def __init__(self, org: Org) -> None:
        self._org = org
        self.id: str = org.find_ids("Pricebook2", "IsStandard", True)[0]
        known = org.query(f"SELECT Id, Product2Id FROM PricebookEntry WHERE Pricebook2Id = '{self.id}'")
        self._entries: dict[str, str] = {record["Product2Id"]: record["Id"] for record in known.records}
        self.added = 0

    def add(self, prices: Mapping[str, object]) -> None:
        """Entries for products (by id) that have none, at these list prices; without a price at 0."""
        new = {product: price for product, price in prices.items() if product not in self._entries}
        rows = [
            {
                "Pricebook2Id": self.id,
                "Product2Id": product,
                "UnitPrice": 0 if price is None else price,
                "IsActive": True,
            }
            for product, price in new.items()
        ]
        self._entries.update(zip(new, self._org.bulk_load("PricebookEntry", rows), strict=True))
        self.added += len(new)

    def entries(self, products: Iterable[str]) -> Mapping[str, str]:
        """Product id -> id of its entry, for these products; entries that are missing are made at price 0."""
        self.add(dict.fromkeys(products))
        return self._entries
