"""What the company's people had entered in the product's fields before its first run: right, wrong, half, and outdated.

The fields and their values are those the CRM has; this module names none of the fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from admin.demo.company import draws
from admin.demo.company.org_fields import CUSTOMER_TYPES
from connectors.sandbox.org.org import Org
from connectors.sandbox.org.schema import FieldDef, PicklistEntry

Row = Mapping[str, Any]
Values = dict[str, str]

_SHARE = 0.35
#: How entries come out; each way occurs, "right" takes the rest.
_WAYS = {
    "right": 0.5, "segment_only": 0.15, "wrong": 0.1, "mismatched": 0.06, "old_segment": 0.06, "old_sub_segment": 0.04,
    "old_value_profile": 0.04, "value_profile_only": 0.05,
}  # fmt: skip
#: Values of an older list: the first was deactivated, the second deleted. Records keep both, as in Salesforce.
_RETIRED: Mapping[str, tuple[str, str]] = {
    "segment": ("Heavy Industry", "Public Sector"),
    "sub_segment": ("Sawmills", "Shipyards"),
    "value_profile": ("Price buyer", "A-customer"),
}
#: Where a seller who knows the customer puts it, if the list offers that.
_PLACES = {
    "Energy": "power_producers", "Utilities": "utilities", "Oil & Gas": "oil_gas", "Mining": "process_industry",
    "Pulp & Paper": "process_industry", "Chemicals": "process_industry", "Food & Beverage": "food_beverage",
    "Automotive": "discrete_manufacturing", "Machinery": "discrete_manufacturing", "Marine": "marine_logistics",
    "Logistics": "marine_logistics", "Construction": "construction_facility",
    "Facility Services": "construction_facility",
}  # fmt: skip


def enter_existing_values(
    org: Org, seed: int, names: Mapping[str, str], choices: Mapping[str, tuple[str, ...]]
) -> None:
    """Enter values on about a third of the customers and prospects.

    Args:
        names: key ("segment", "sub_segment", "value_profile") -> API name of the account field; absent ones are left.
        choices: key -> values of today's list.
    """
    rng = draws.generator(seed, "entries")
    fields = {key: org.object("Account").fields[name] for key, name in names.items() if key in _RETIRED}
    accounts = org.query(
        "SELECT Id, Type, Industry, Operation_Mode__c, Business_Model__c FROM Account ORDER BY Id"
    ).records
    known = [row for row in accounts if row["Type"] in (*CUSTOMER_TYPES, "Prospect")]
    chosen = draws.some(rng, known, _SHARE * len(accounts) / max(1, len(known)), 8)
    person = _Person(rng, choices, _parents(fields))
    ways = draws.quota(rng, _WAYS, len(chosen))
    changes = [
        {"Id": row["Id"], **{fields[key].name: value for key, value in person.enter(way, row).items() if key in fields}}
        for row, way in zip(chosen, ways, strict=True)
    ]
    for key, field in fields.items():
        old = tuple(PicklistEntry(value, value) for value in _RETIRED[key])
        _set_entries(org, field, (*_current(org, key, field), *old))
    org.update("Account", changes, all_or_none=True)
    for key, field in fields.items():
        deactivated = PicklistEntry(_RETIRED[key][0], _RETIRED[key][0], active=False)
        _set_entries(org, field, (*_current(org, key, field), deactivated))


def _parents(fields: Mapping[str, FieldDef]) -> dict[str, str]:
    """Sub-segment -> its segment, as the CRM's dependent picklist has it."""
    field = fields.get("sub_segment")
    return {entry.value: entry.valid_for[0] for entry in field.values if entry.valid_for} if field else {}


def _current(org: Org, key: str, field: FieldDef) -> tuple[PicklistEntry, ...]:
    """Entries of today's list, without the outdated ones."""
    entries = org.value_sets()[field.value_set].entries if field.value_set else field.values
    return tuple(entry for entry in entries if entry.value not in _RETIRED[key])


def _set_entries(org: Org, field: FieldDef, entries: tuple[PicklistEntry, ...]) -> None:
    if field.value_set:
        org.save_value_set(replace(org.value_sets()[field.value_set], entries=entries))
    else:
        org.save_field("Account", replace(field, values=entries))


@dataclass
class _Person:
    """Somebody who fills in the fields, with more or less care."""

    rng: np.random.Generator
    choices: Mapping[str, tuple[str, ...]]
    parents: Mapping[str, str]
    retired_used: int = 0

    def enter(self, way: str, account: Row) -> Values:
        """Values by key, entered in one of `_WAYS`."""
        sub_segment = self._place(account)
        segment = self._segment(sub_segment)
        right = {"segment": segment, "sub_segment": sub_segment}
        profile = {"value_profile": self._profile(account)}
        if way == "right":
            return right | (profile if self.rng.random() < 0.7 else {})
        if way == "segment_only":
            return {"segment": segment}
        if way == "value_profile_only":
            return profile
        if way == "wrong":
            other = self._one([value for value in self.choices["sub_segment"] if value != sub_segment])
            return {"segment": self._segment(other), "sub_segment": other, **profile}
        if way == "mismatched":
            strange = [value for value in self.choices["sub_segment"] if self._segment(value) != segment]
            return {"segment": segment, "sub_segment": self._one(strange)}
        outdated = way.removeprefix("old_")
        kept = {} if outdated == "segment" else right
        return kept | {outdated: self._retired(outdated)}

    def _place(self, account: Row) -> str:
        place = _PLACES.get(account["Industry"] or "", "")
        return place if place in self.choices["sub_segment"] else self._one(self.choices["sub_segment"])

    def _segment(self, sub_segment: str) -> str:
        return self.parents.get(sub_segment) or self._one(self.choices["segment"])

    def _profile(self, account: Row) -> str:
        """What sellers think the customer values; this they get wrong most."""
        if account["Business_Model__c"] in ("Distributor", "OEM"):
            likely = "growth_partner"
        elif account["Operation_Mode__c"] == "24/7":
            likely = "uptime_first"
        elif account["Business_Model__c"] == "Contractor" or account["Operation_Mode__c"] == "Seasonal":
            likely = "standard_supply"
        else:
            likely = "lowest_lifetime_cost"
        profiles = self.choices["value_profile"]
        return likely if likely in profiles and self.rng.random() < 0.7 else self._one(profiles)

    def _retired(self, key: str) -> str:
        self.retired_used += 1
        return _RETIRED[key][(self.retired_used + 1) % 2]

    def _one(self, values: Sequence[str]) -> str:
        return values[int(self.rng.integers(len(values)))]
