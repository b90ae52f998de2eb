"""The same company's HubSpot: marketing and support work there, with records of their own of many customers.

What links a customer's two records differs: a customer number, a web domain and the name, one of the two, or only that
the names sound alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np

from admin.demo.company.draws import generator
from connectors.sandbox.expressions import ascii_name
from connectors.sandbox.org.org import Org
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.schema import Property

Row = dict[str, Any]
#: Companies that are in HubSpot alone.
ALONE = 8
#: What the model needs to know of this HubSpot: the company's properties, and what is of both CRMs.
MODEL = """
  hubspot:
    fields:
      account: {type: customer_type, industry: branch, operation_mode: operation_mode,
                business_model: business_model, external_id: customer_number}

two_crms:
  conflicts: {segment: ask, sub_segment: ask, value_profile: carry}
"""
_PROPERTIES = {
    "customer_type": "Customer type",
    "branch": "Branch",
    "operation_mode": "Operation mode",
    "business_model": "Business model",
    "customer_number": "Customer number",
}
_QUESTIONS = ("Question on invoice", "Spare part wanted", "Login to the portal", "Drawing missing", "Delivery date")
_PRIORITIES = ("LOW", "MEDIUM", "HIGH")


@dataclass(frozen=True)
class Shared:
    """A customer with a record in both: `sure` where number, or domain and name, leave no doubt."""

    account: str
    company: str
    sure: bool


def fill(portal: Portal, org: Org, seed: int, shared: int, today: date) -> list[Shared]:
    """Fill a new portal with records of this many customers of the org, or of all there are, and some of its own.

    The customers get their web address in the org as well.
    """
    rng = generator(seed, "other crm")
    kind = portal.kinds()["companies"]
    for name, label in _PROPERTIES.items():
        portal.definitions.create_property(kind, Property(name, label, "string", "text", kind.group))
    query = (
        "SELECT Id, Name, AccountNumber, Type, Industry, Operation_Mode__c, Business_Model__c, BillingCountry,"
        " Owner.Name, Owner.Email, Owner.IsActive FROM Account WHERE Type LIKE 'Customer%' ORDER BY AccountNumber"
    )
    customers = list(org.query(query).records)[:shared]
    owners = _owners(portal, customers)
    org.update("Account", [{"Id": row["Id"], "Website": _site(row["Name"])} for row in customers], all_or_none=True)
    rows = [_company(row, place, owners) for place, row in enumerate(customers)]
    ids = portal.bulk_load(kind, [*rows, *_own(rng, list(owners.values()))])
    _support(portal, rng, ids, today)
    sure = [_is_sure(place) for place in range(len(customers))]
    return [Shared(row["Id"], str(made), each) for row, made, each in zip(customers, ids, sure, strict=False)]


def _is_sure(place: int) -> bool:
    return place % 5 < 4


def _site(name: str) -> str:
    return f"https://www.{ascii_name(name).replace('_', '-').replace('.', '-')}.example/"


def _owners(portal: Portal, customers: Sequence[Row]) -> dict[str, int]:
    """Owners of the portal by their mail address: those of the customers who are still there."""
    found: dict[str, int] = {}
    for row in customers:
        owner = row["Owner"]
        if owner["IsActive"] and owner["Email"] not in found:
            first, _, last = str(owner["Name"]).partition(" ")
            found[owner["Email"]] = portal.owners.add(owner["Email"], first, last).id
    return found


def _company(row: Row, place: int, owners: dict[str, int]) -> Row:
    """The customer's record in HubSpot. Of five, two have the number, two domain and name, one is to be looked at."""
    way = place % 5
    name = str(row["Name"])
    looks = f"{name} Group" if way == 4 else name.upper() if way == 3 else name
    made = {
        "name": f"{name} ({row['BillingCountry']})" if way in (0, 1) else looks,
        "domain": _site(name).removeprefix("https://www.").rstrip("/") if way in (2, 3, 4) else None,
        "customer_number": row["AccountNumber"] if way in (0, 1) else None,
        "country": row["BillingCountry"],
        "customer_type": row["Type"],
        "branch": row["Industry"],
        "operation_mode": row["Operation_Mode__c"],
        "business_model": row["Business_Model__c"],
        "hubspot_owner_id": owners.get(row["Owner"]["Email"]),
    }
    return {key: value for key, value in made.items() if value is not None}


def _own(rng: np.random.Generator, owners: Sequence[int]) -> Iterator[Row]:
    """Companies that only marketing knows."""
    for number in range(ALONE):
        yield {
            "name": f"Trade fair contact {number + 1}",
            "domain": f"fair-contact-{number + 1}.example",
            "customer_type": "Prospect",
            "hubspot_owner_id": owners[int(rng.integers(len(owners)))],
        }


def _support(portal: Portal, rng: np.random.Generator, companies: Sequence[int], today: date) -> None:
    """Tickets of the last two years; they cost as much as those in Salesforce."""
    kinds = portal.kinds()
    rows, of = [], []
    for company in companies[: len(companies) - ALONE]:
        for _ in range(int(rng.poisson(2))):
            opened = today - timedelta(days=int(rng.integers(5, 700)))
            rows.append({
                "subject": _QUESTIONS[int(rng.integers(len(_QUESTIONS)))],
                "hs_pipeline": "0",
                "hs_pipeline_stage": "4",
                "hs_ticket_priority": _PRIORITIES[int(rng.integers(len(_PRIORITIES)))],
                "createdate": datetime.combine(opened, time(9), UTC).isoformat().replace("+00:00", "Z"),
            })  # fmt: skip
            of.append(company)
    made = portal.bulk_load(kinds["tickets"], rows)
    portal.link(kinds["tickets"], kinds["companies"], zip(made, of, strict=True), primary=True)
