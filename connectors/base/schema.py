"""Fields and rules in a CRM: what we want to exist, what is there, and a plan of the way from one to the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

FieldType = Literal["picklist", "text", "long_text", "date", "number", "checkbox"]


@dataclass(frozen=True)
class PicklistValue:
    """One entry of a picklist. `key` never changes (the API name); `label` may."""

    key: str
    label: str
    parents: tuple[str, ...] = ()  # keys of the controlling field for which this value is valid
    active: bool = True


@dataclass(frozen=True)
class FieldSpec:
    """A field we want to exist.

    Attributes:
        kind: the record kind that carries it, e.g. "account".
        name: the field's API name in this CRM, e.g. "Tierline_Tier__c".
        values: picklist entries in order. `value_set` names the global list they live in.
        controller: API name of the field that this picklist depends on.
        people_edit: whether people choose this value; what a machine keeps, they only read.
        key: whether records are found by this value; no two have the same.
        converts_to: of a field of leads, the account's field that takes its value when a lead is converted.
    """

    kind: str
    name: str
    label: str
    type: FieldType
    help: str = ""
    length: int = 0
    precision: int = 0
    scale: int = 0
    values: tuple[PicklistValue, ...] = ()
    value_set: str = ""
    controller: str = ""
    people_edit: bool = False
    converts_to: str = ""
    key: bool = False


@dataclass(frozen=True)
class Field:
    """A field as the CRM describes it today. `derived` fields are kept by the CRM itself: formulas, stamps, parts."""

    name: str
    label: str
    type: str
    updateable: bool
    derived: bool = False
    required: bool = False
    length: int = 0
    custom: bool = False
    values: tuple[PicklistValue, ...] = ()
    restricted: bool = False
    controller: str = ""


@dataclass(frozen=True)
class RuleSpec:
    """A rule that refuses to save a record without values; never on just any edit.

    It looks only when a record is created or one of `on_change_of` changes, and lets through whoever may bypass it.

    Attributes:
        kind: the record kind it watches. For "opportunity" the fields are those of its account.
        fields: API names of fields that must not be empty.
        only: field -> values of the records meant; empty for all.
        since: first day on which it refuses.
        active: False to have it there, switched off.
        note: why it is not active, in a plan's words.
    """

    kind: str
    name: str
    fields: tuple[str, ...]
    on_change_of: tuple[str, ...]
    message: str
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    since: date | None = None
    active: bool = True
    note: str = ""


@dataclass(frozen=True)
class SchemaStep:
    """One line of a plan. `sign`: "+" create, "~" change, "-" delete, "=" unchanged, "!" needs a decision.

    `creates` names the components that come into being, in the CRM's own terms: what may be removed again.
    """

    sign: Literal["+", "~", "-", "=", "!"]
    target: str  # what a person would look for, e.g. "Account.Tierline_Tier__c"
    detail: str
    spec: FieldSpec | None = None
    rule: RuleSpec | None = None
    creates: tuple[str, ...] = ()


@dataclass(frozen=True)
class SchemaPlan:
    """What `apply_schema` would do. Values that are not ours are kept and counted in `foreign`.

    `notes` are sentences that a person who decides on the plan should read too.
    """

    steps: tuple[SchemaStep, ...]
    foreign: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    other_fields: int = 0
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[SchemaStep, ...]:
        return tuple(step for step in self.steps if step.sign in "+~-")
