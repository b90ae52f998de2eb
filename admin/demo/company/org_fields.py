"""What the company changed in its CRM: fields of its own, and picklist values it added over the years."""

from __future__ import annotations

from dataclasses import replace

from connectors.sandbox.org.org import Org
from connectors.sandbox.org.schema import FieldDef, entries

INDUSTRIES = (
    "Energy", "Utilities", "Oil & Gas", "Mining", "Pulp & Paper", "Chemicals", "Food & Beverage", "Automotive",
    "Machinery", "Marine", "Construction", "Facility Services", "Logistics",
)  # fmt: skip
#: Labels from before the list above was agreed, still on older records: old -> today's.
OLD_INDUSTRIES = {
    "Power Generation": "Energy",
    "Oil and Gas": "Oil & Gas",
    "Paper": "Pulp & Paper",
    "Food": "Food & Beverage",
    "Shipping": "Marine",
}
#: What imports brought in and nobody can place.
STRAY_INDUSTRIES = ("Misc", "Manufactoring", "Sonstiges", "Process Ind.", "n/a")
OPERATION_MODES = ("24/7", "Two shifts", "Single shift", "Seasonal")
STRAY_MODE = "3-shift"
BUSINESS_MODELS = ("Owner-operator", "Contractor", "Distributor", "OEM")
CUSTOMER_TYPES = ("Customer - Direct", "Customer - Channel")
ADDED_TYPES = ("Competitor", "Own company")


def _list(name: str, label: str, values: tuple[str, ...]) -> FieldDef:
    return FieldDef(name, label, "picklist", length=255, values=entries(*values), custom=True)


def _money(name: str, label: str) -> FieldDef:
    return FieldDef(name, label, "currency", precision=18, scale=2, custom=True)


_OWN_FIELDS: tuple[tuple[str, FieldDef], ...] = (
    ("Account", _list("Operation_Mode__c", "Operation Mode", OPERATION_MODES)),
    ("Account", _list("Business_Model__c", "Business Model", BUSINESS_MODELS)),
    ("Product2", _money("Standard_Cost__c", "Standard Cost")),
    ("Order", _money("Freight__c", "Freight")),
    ("Order", FieldDef("Expedited__c", "Expedited", "boolean", default=False, custom=True)),
    ("OrderItem", _money("Cost__c", "Cost")),
    ("OrderItem", _money("Discount__c", "Discount")),
    ("OrderItem", _money("Freight__c", "Freight")),
    ("Opportunity", FieldDef("Product_Name__c", "Product Name", "string", length=255, custom=True)),
)


def install(org: Org) -> None:
    """Add the fields and values."""
    for object_name, field in _OWN_FIELDS:
        org.save_field(object_name, field)
    _set_values(org, "Account", "Industry", (*INDUSTRIES, *OLD_INDUSTRIES))
    kinds = tuple(entry.value for entry in org.object("Account").fields["Type"].values)
    _set_values(org, "Account", "Type", (*kinds, *ADDED_TYPES))
    _set_values(org, "Order", "Status", ("Draft", "Activated", "Cancelled"))


def _set_values(org: Org, object_name: str, field_name: str, values: tuple[str, ...]) -> None:
    field = org.object(object_name).fields[field_name]
    default = next((entry.value for entry in field.values if entry.default), "")
    org.save_field(object_name, replace(field, values=entries(*values, default=default)))
