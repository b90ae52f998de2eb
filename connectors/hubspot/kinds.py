"""Which HubSpot objects carry which kind of record, and where each canonical column is found by default.

A path is the name of a property, or leads to another record by its associations: "companies.id" is the company that a
record belongs to (the primary one, where HubSpot knows which), "companies.parent" the parent of a company.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Source:
    """One object behind a kind.

    Attributes:
        type_id: HubSpot's number of the object, as it stands in a record's address.
        constants: columns that this object answers by itself, whatever property the map names for them.
        stages: column -> what of a pipeline's stage answers it.
        optional: the kind is there without it.
    """

    name: str
    type_id: str = ""
    constants: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    stages: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    optional: bool = False


MODIFIED, RECORD = "hs_lastmodifieddate", "hs_object_id"
#: Companies. Details stand beside our other values on the same record: HubSpot has no object of ours.
COMPANIES = "companies"
_DEAL = {"stage": "label", "is_won": "won", "is_closed": "closed"}
_TICKET = {"status": "label", "is_closed": "closed"}

SOURCES: Mapping[str, tuple[Source, ...]] = {
    "account": (Source(COMPANIES, "0-2"),),
    "user": (Source("owners"),),
    "product": (Source("products", "0-7"),),
    "order": (Source("orders", "0-123"),),
    "order_line": (Source("line_items", "0-8"),),
    "opportunity": (Source("deals", "0-3", stages=_DEAL),),
    "ticket": (Source("tickets", "0-5", stages=_TICKET),),
    # unverified: calls, meetings, emails, notes and tasks share one range of ids.
    "activity": (
        Source("calls", "0-48", constants={"activity_type": "call"}, optional=True),
        Source("meetings", "0-47", constants={"activity_type": "visit"}, optional=True),
        Source("emails", "0-49", constants={"activity_type": "email"}, optional=True),
        Source("notes", "0-46", constants={"activity_type": "note"}, optional=True),
        Source("tasks", "0-27", constants={"activity_type": "task"}, optional=True),
    ),
    # Companies keep these in objects of their own or in files; the model says where.
    "contract": (),
    "invoice": (),
    "return": (),
}

#: Kinds that carry our fields -> the object they are properties of.
CARRIERS: Mapping[str, str] = {"account": COMPANIES, "detail": COMPANIES, "opportunity": "deals"}

DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "account": {
        "id": RECORD, "name": "name", "owner_id": "hubspot_owner_id", "parent_id": "companies.parent",
        "type": "type", "industry": "industry", "country": "country", "annual_revenue": "annualrevenue",
        "employees": "numberofemployees", "external_id": "domain", "website": "domain",
        "created_at": "createdate", "modified_at": MODIFIED,
    },
    "user": {
        "id": "id", "name": "name", "email": "email", "is_active": "active", "username": "email",
        "modified_at": "updatedAt",
    },
    "product": {"id": RECORD, "name": "name", "code": "hs_sku", "family": "hs_product_type",
                "cost": "hs_cost_of_goods_sold", "modified_at": MODIFIED},
    "order": {
        "id": RECORD, "account_id": "companies.id", "number": "hs_order_name", "status": "hs_pipeline_stage",
        "ordered_on": "hs_createdate", "amount": "hs_total_price", "modified_at": MODIFIED,
    },
    "order_line": {
        "id": RECORD, "order_id": "orders.id", "product_id": "hs_product_id", "quantity": "quantity",
        "amount": "amount", "modified_at": MODIFIED,
    },
    "opportunity": {
        "id": RECORD, "account_id": "companies.id", "name": "dealname", "owner_id": "hubspot_owner_id",
        "stage": "dealstage", "is_won": "dealstage", "is_closed": "dealstage", "amount": "amount",
        "closes_on": "closedate", "created_on": "createdate", "modified_at": MODIFIED,
    },
    # opened_on is the day in UTC: HubSpot gives the instant, and an account has users in many time zones.
    "ticket": {
        "id": RECORD, "account_id": "companies.id", "priority": "hs_ticket_priority", "status": "hs_pipeline_stage",
        "is_closed": "hs_pipeline_stage", "opened_on": "createdate", "modified_at": MODIFIED,
    },
    "activity": {
        "id": RECORD, "account_id": "companies.id", "activity_type": "", "happened_on": "hs_timestamp",
        "created_by_id": "hs_created_by_user_id", "modified_at": MODIFIED,
    },
}  # fmt: skip

#: In an account with several currencies every amount says which one it is in.
CURRENCY: Mapping[str, Mapping[str, str]] = {
    "opportunity": {"currency": "deal_currency_code"},
    "order": {"currency": "hs_currency_code"},
}
#: What every object has; where the other columns of a company's own object are, the model says.
OWN_DEFAULTS: Mapping[str, str] = {"id": RECORD, "modified_at": MODIFIED}


@dataclass(frozen=True)
class Link:
    """The way by associations to a record of `target`; of several, one of these types goes first."""

    target: str
    types: frozenset[int]
    only: bool = False  # no other type will do


#: (source, path) -> the association types that HubSpot itself defines for it.
_PRIMARY: Mapping[tuple[str, str], int] = {("deals", "companies.id"): 5, ("tickets", "companies.id"): 26}
_CHILD_TO_PARENT = 14


def link_of(source: str, path: str) -> Link | None:
    """How a path leads to another record; None for a property. Raises ValueError for a path that leads nowhere."""
    target, dot, end = path.partition(".")
    if not dot:
        return None
    if end == "id":
        primary = _PRIMARY.get((source, path))
        return Link(target, frozenset({primary} if primary else ()))
    if (source, path) == (COMPANIES, "companies.parent"):
        return Link(target, frozenset({_CHILD_TO_PARENT}), only=True)
    raise ValueError(path)


def sources_of(kind: str) -> tuple[Source, ...]:
    """The objects behind a kind; raises ValueError for a kind this connector does not know."""
    if kind not in SOURCES:
        raise ValueError(f"HubSpot delivers no kind {kind!r}; it knows {', '.join(SOURCES)}")
    return SOURCES[kind]


def carrier_of(kind: str) -> str:
    """The object behind a kind whose records may be written or extended; raises ValueError for the others."""
    if kind not in CARRIERS:
        raise ValueError(f"{kind} records are read only")
    return CARRIERS[kind]
