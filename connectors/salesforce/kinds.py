"""Which Salesforce objects carry which kind of record, and where each canonical column is found by default.

Only columns with a standard field are listed. What an org keeps in fields of its own (product cost, freight,
discount, expedited) comes by the field map passed to `Salesforce.pull`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Source:
    """One object behind a kind.

    Attributes:
        constants: columns that this object answers by itself, whatever field the map names for them.
        translated: column -> value of the CRM -> canonical value; other values are kept in lower case.
    """

    name: str
    key_prefix: str
    constants: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    translated: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    recycled: bool = True  # has IsDeleted
    optional: bool = False  # the kind is there without it


#: The object of our own, the field that leads to its account, and the one that holds the account's id.
DETAIL, DETAIL_PARENT, DETAIL_KEY = "Tierline_Detail__c", "Tierline_Account__c", "Tierline_Account_Key__c"

_ACTIVITY_TYPES = {"Task": "task", "Call": "call", "Email": "email", "ListEmail": "email"}

SOURCES: Mapping[str, tuple[Source, ...]] = {
    "account": (Source("Account", "001"),),
    "user": (Source("User", "005", recycled=False),),
    "product": (Source("Product2", "01t"),),
    "order": (Source("Order", "801"),),
    "order_line": (Source("OrderItem", "802"),),
    "opportunity": (Source("Opportunity", "006"),),
    "ticket": (Source("Case", "500"),),
    # A Task says by its subtype what it was; an Event is a meeting with the customer.
    "activity": (
        Source("Task", "00T", translated={"activity_type": _ACTIVITY_TYPES}),
        Source("Event", "00U", constants={"activity_type": "visit"}),
    ),
    "contract": (Source("Contract", "800"),),
    # Orgs keep these in objects of their own or of an accounting package; the model says in which.
    "invoice": (),
    "return": (),
    # Only in orgs with several currencies; dated ones only where they are managed.
    "rate": (
        Source("CurrencyType", "", recycled=False),
        Source("DatedConversionRate", "", recycled=False, optional=True),
    ),
    # Only in orgs with sales territories.
    "territory": (Source("Territory2", "0MI", recycled=False),),
    "territory_user": (Source("UserTerritory2Association", "", recycled=False),),
    "territory_account": (Source("ObjectTerritory2Association", ""),),
    "detail": (Source(DETAIL, ""),),
}

#: Kinds that carry fields of ours and are not read.
SCHEMA_ONLY: Mapping[str, Source] = {"lead": Source("Lead", "00Q")}

DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "account": {
        "id": "Id", "name": "Name", "owner_id": "OwnerId", "parent_id": "ParentId", "type": "Type",
        "industry": "Industry", "country": "BillingCountry", "annual_revenue": "AnnualRevenue",
        "employees": "NumberOfEmployees", "external_id": "AccountNumber", "website": "Website",
        "created_at": "CreatedDate", "modified_at": "SystemModstamp", "modified_by_id": "LastModifiedById",
    },
    "user": {
        "id": "Id", "name": "Name", "email": "Email", "is_active": "IsActive", "manager_id": "ManagerId",
        "username": "Username", "time_zone": "TimeZoneSidKey", "modified_at": "SystemModstamp",
    },
    "product": {
        "id": "Id", "name": "Name", "code": "ProductCode", "family": "Family", "is_active": "IsActive",
        "modified_at": "SystemModstamp",
    },
    "order": {
        "id": "Id", "account_id": "AccountId", "number": "OrderNumber", "status": "Status",
        "ordered_on": "EffectiveDate", "amount": "TotalAmount", "modified_at": "SystemModstamp",
    },
    "order_line": {
        "id": "Id", "order_id": "OrderId", "product_id": "Product2Id", "quantity": "Quantity",
        "amount": "TotalPrice", "modified_at": "SystemModstamp",
    },
    "opportunity": {
        "id": "Id", "account_id": "AccountId", "name": "Name", "owner_id": "OwnerId", "stage": "StageName",
        "is_won": "IsWon", "is_closed": "IsClosed", "amount": "Amount", "closes_on": "CloseDate",
        "created_on": "CreatedDate", "modified_at": "SystemModstamp",
    },
    # opened_on is the day in UTC: Salesforce gives the instant, and an org has users in many time zones.
    "ticket": {
        "id": "Id", "account_id": "AccountId", "priority": "Priority", "status": "Status",
        "is_closed": "IsClosed", "opened_on": "CreatedDate", "modified_at": "SystemModstamp",
    },
    "activity": {
        "id": "Id", "account_id": "AccountId", "activity_type": "TaskSubtype", "happened_on": "ActivityDate",
        "created_by_id": "CreatedById", "modified_at": "SystemModstamp",
    },
    "contract": {
        "id": "Id", "account_id": "AccountId", "status": "Status", "starts_on": "StartDate",
        "ends_on": "EndDate", "modified_at": "SystemModstamp",
    },
    "rate": {
        "id": "Id", "currency": "IsoCode", "starts_on": "StartDate", "ends_on": "NextStartDate",
        "rate": "ConversionRate", "is_base": "IsCorporate", "modified_at": "SystemModstamp",
    },
    "territory": {"id": "Id", "name": "Name", "state": "Territory2Model.State", "modified_at": "SystemModstamp"},
    "territory_user": {
        "id": "Id", "territory_id": "Territory2Id", "user_id": "UserId", "role": "RoleInTerritory2",
        "is_active": "IsActive", "modified_at": "SystemModstamp",
    },
    "territory_account": {
        "id": "Id", "territory_id": "Territory2Id", "account_id": "ObjectId", "modified_at": "SystemModstamp",
    },
    "detail": {"id": "Id", "account_id": DETAIL_PARENT, "key": DETAIL_KEY, "modified_at": "SystemModstamp"},
}  # fmt: skip


#: In an org with several currencies every record says which one its amounts are in.
SEVERAL_CURRENCIES = "CurrencyType"
CURRENCY: Mapping[str, str] = {"currency": "CurrencyIsoCode"}
PAID_IN = frozenset({"account", "order", "opportunity", "invoice", "return"})

#: What every object has; where the other columns of a company's own object are, the model says.
OWN_DEFAULTS: Mapping[str, str] = {"id": "Id", "modified_at": "SystemModstamp"}


def sources_of(kind: str) -> tuple[Source, ...]:
    """The objects behind a kind; raises ValueError for a kind this connector does not know."""
    if kind not in SOURCES:
        raise ValueError(f"Salesforce delivers no kind {kind!r}; it knows {', '.join(SOURCES)}")
    return SOURCES[kind]


def only_source(kind: str) -> Source:
    """The object behind a kind whose records may be written or extended; raises ValueError for the others."""
    if kind in SCHEMA_ONLY:
        return SCHEMA_ONLY[kind]
    sources = sources_of(kind)
    if len(sources) != 1:
        where = " and ".join(source.name for source in sources) or "an object of the company's own"
        raise ValueError(f"{kind} records live in {where}: read only")
    return sources[0]
