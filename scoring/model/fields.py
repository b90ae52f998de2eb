"""The fields a rule may test: columns of the account, attributes of the model, and sums over its transactions.

All are columns of the frame that `scoring.features.build` describes. Money there is in units of 1/10,000 of the
currency; in rules it is in whole units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scoring.model.shape import Model

FieldType = Literal["text", "number", "money", "date"]


@dataclass(frozen=True)
class RuleField:
    """A field as rules know it. `label` starts a sentence ("Industry is Energy")."""

    name: str
    type: FieldType
    label: str


_ACCOUNT: Mapping[str, tuple[FieldType, str]] = {
    "name": ("text", "Name"),
    "type": ("text", "Type"),
    "industry": ("text", "Industry"),
    "country": ("text", "Country"),
    "currency": ("text", "Currency"),
    "external_id": ("text", "External id"),
    "annual_revenue": ("money", "Annual revenue"),
    "employees": ("number", "Employees"),
}

_SUMS: Mapping[str, tuple[FieldType, str]] = {
    "transactions": ("number", "Transactions in the window"),
    "transactions_ever": ("number", "Transactions ever"),
    "first_transaction_on": ("date", "First transaction"),
    "last_transaction_on": ("date", "Last transaction"),
    "revenue": ("money", "Revenue in the window"),
    "orders": ("number", "Orders in the window"),
    "order_lines": ("number", "Order lines in the window"),
    "small_orders": ("number", "Small orders in the window"),
    "expedited_orders": ("number", "Expedited orders in the window"),
    "freight": ("money", "Freight in the window"),
    "discount": ("money", "Discounts in the window"),
    "tickets": ("number", "Tickets in the window"),
    "visits": ("number", "Visits in the window"),
    "calls": ("number", "Calls in the window"),
    "activities": ("number", "Activities in the window"),
    "last_activity_on": ("date", "Last activity"),
    "deals_won": ("number", "Deals won in the window"),
    "deals_lost": ("number", "Deals lost in the window"),
    "deals_open": ("number", "Open deals"),
    "won_amount": ("money", "Amount won in the window"),
    "open_amount": ("money", "Amount of open deals"),
    "contracts_active": ("number", "Active contracts"),
    "invoices": ("number", "Invoices in the window"),
    "invoices_late": ("number", "Late invoices in the window"),
    "days_late": ("number", "Days late in the window"),
    "disputes": ("number", "Disputed invoices in the window"),
    "overdue_amount": ("money", "Overdue amount"),
    "returns": ("number", "Returns in the window"),
}

#: Column of accounts as data-quality rules see them: the product family that most of what was bought belongs to.
MAIN_FAMILY = "main_product_family"

#: Names an attribute cannot take.
BUILT_IN = frozenset(_ACCOUNT) | frozenset(_SUMS) | {MAIN_FAMILY}

#: Columns scoring reads or a model may map, by record kind. `own_` columns and attributes come on top.
COLUMNS: Mapping[str, frozenset[str]] = {
    kind: frozenset(columns.split())
    for kind, columns in {
        "account": "id name owner_id parent_id type industry country annual_revenue employees currency"
        " external_id website created_at modified_at",
        "user": "id name email is_active manager_id username modified_at",
        "product": "id name code family cost is_active modified_at",
        "order": "id account_id number status ordered_on amount freight is_expedited currency business_unit"
        " modified_at",
        "order_line": "id order_id product_id quantity amount cost discount freight modified_at",
        "opportunity": "id account_id name owner_id stage is_won is_closed amount closes_on created_on"
        " product_name currency business_unit modified_at",
        "ticket": "id account_id priority status is_closed opened_on business_unit modified_at",
        "activity": "id account_id activity_type happened_on created_by_id business_unit modified_at",
        "contract": "id account_id status starts_on ends_on business_unit modified_at",
        "invoice": "id account_id issued_on due_on paid_on amount is_disputed currency business_unit modified_at",
        "return": "id account_id returned_on amount currency business_unit modified_at",
    }.items()
}


#: Columns without which records of a kind are of no use.
NEEDED: Mapping[str, frozenset[str]] = {
    "product": frozenset({"name"}),
    "order": frozenset({"account_id", "ordered_on", "amount"}),
    "order_line": frozenset({"order_id", "amount"}),
    "ticket": frozenset({"account_id", "opened_on"}),
    "activity": frozenset({"account_id", "activity_type", "happened_on"}),
    "contract": frozenset({"account_id", "starts_on", "ends_on"}),
    "invoice": frozenset({"account_id", "issued_on", "due_on", "paid_on", "amount"}),
    "return": frozenset({"account_id", "returned_on"}),
}

#: Kinds that no CRM has an object of its own for: a model that maps their columns says in which object they are.
OWN_ONLY = frozenset({"invoice", "return"})


def rule_fields(model: Model) -> dict[str, RuleField]:
    """Every field the model's rules may test, by name."""
    fields = {name: RuleField(name, kind, label) for name, (kind, label) in {**_ACCOUNT, **_SUMS}.items()}
    for name, attribute in model.attributes.items():
        label = (attribute.label if attribute else None) or name.replace("_", " ").capitalize()
        fields[name] = RuleField(name, attribute.type if attribute else "text", label)
    return fields


def record_fields(model: Model) -> dict[str, RuleField]:
    """Fields that a data-quality rule may test: those of the record itself, and the revenue and the main product family
    in the window."""
    sums = set(_SUMS) - {"revenue"}
    fields = {name: field for name, field in rule_fields(model).items() if name not in sums}
    return {MAIN_FAMILY: RuleField(MAIN_FAMILY, "text", "Main product family"), **fields}


def text_fields(model: Model) -> tuple[str, ...]:
    """Fields of the account that hold text, so that a vocabulary can be given for them."""
    return tuple(
        name
        for name, field in rule_fields(model).items()
        if field.type == "text" and name not in ("name", "external_id")
    )
