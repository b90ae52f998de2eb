"""What is published and where: the outputs of a model, their fields in one CRM, and the columns that are read.

A *role* names one field of ours independent of the CRM: "segment", "segment_source", "tier_since" ... The model file
may name the field of any role; otherwise it has the default name made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from connectors.base import FieldSpec, PicklistValue, Scalar
from scoring import model as models
from scoring.model import Model
from scoring.model_types import CrmFields
from sync.models import Connection, PublishedModel
from sync.plan import Output

#: Prefix of the mirror's account columns that hold the current values of our own fields.
OWN = "own_"

_COMPANIONS: Mapping[str, tuple[str, ...]] = {"machine": (), "fill": ("source", "date"), "suggest": ("suggestion",)}
_TITLES = {"segment": "Segment", "sub_segment": "Sub-segment", "value_profile": "Value profile", "tier": "Tier"}
_HELP = {
    "segment": "What kind of customer this is. Filled by Tierline when empty; what people choose stays.",
    "sub_segment": "Closer description within the segment. Only values of the chosen segment are valid.",
    "value_profile": "What this customer values most. Filled by Tierline when empty; what people choose stays.",
    "tier": "Computed by Tierline from customer value and cost to serve. An edit becomes an override request.",
}


@lru_cache(maxsize=8)
def _parsed(fingerprint: str, text: str, source: str) -> Model:
    return models.parse(text, source)


def model(published: PublishedModel) -> Model:
    """The model of a published version."""
    return _parsed(published.fingerprint, published.text, published.source)


def _default_name(kind: str, role: str) -> str:
    """Default API name of a role's field: Tierline_Sub_Segment__c in Salesforce."""
    words = "_".join(word.capitalize() for word in role.split("_"))
    return {"salesforce": f"Tierline_{words}__c"}[kind]


def _crm(model: Model, kind: str) -> CrmFields | None:
    """What the model file says about fields in this kind of CRM."""
    return next((fields for name, fields in model.crm.items() if name == kind), None)


@dataclass(frozen=True)
class Layout:
    """The outputs of one model in one CRM. `names`: role -> API name of the field."""

    model: Model
    kind: str
    outputs: tuple[Output, ...]
    names: Mapping[str, str]

    def columns(self, kind: str, defaults: Mapping[str, str]) -> dict[str, str]:
        """Column -> CRM field path of everything that is read of this kind."""
        crm = _crm(self.model, self.kind)
        columns = dict(defaults) | dict(crm.fields.get(kind, {}) if crm else {})
        if kind == "account":
            columns |= {OWN + role: name for role, name in self.names.items()}
        return columns

    def by_api_name(self, record: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """Our fields of a mirrored account, by API name."""
        return {name: record.get(OWN + role) for role, name in self.names.items()}

    def by_role(self, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """The same values by role; fields that are not ours are left out."""
        roles = {name: role for role, name in self.names.items()}
        return {roles[name]: value for name, value in values.items() if name in roles}

    def published(self, values: Mapping[str, Scalar]) -> dict[str, str | None]:
        """The published values (no companions) among these fields, by output key."""
        found = {}
        for output in self.outputs:
            name = output.names["value"]
            if name in values:
                value = values[name]
                found[output.key] = None if value is None else str(value)
        return found

    def title(self, name: str) -> str:
        """What people call the field with this API name."""
        return next((spec.label for spec in self.specs() if spec.name == name), name)

    def words(self, name: str, value: Scalar) -> str:
        """A value of that field as people read it."""
        if value is None or value == "":
            return "empty"
        values = next((spec.values for spec in self.specs() if spec.name == name), ())
        return next((known.label for known in values if known.key == value), str(value))

    def choices(self) -> dict[str, tuple[str, ...]]:
        """Allowed keys per output."""
        return {output.key: tuple(value.key for value in _values(self.model, output.key)) for output in self.outputs}

    def specs(self) -> list[FieldSpec]:
        """The fields the CRM has to have, controlling ones first."""
        specs = []
        for output in self.outputs:
            specs.append(self._picklist(output))
            specs += [self._companion(output, role) for role in output.names if role != "value"]
        return specs

    def _picklist(self, output: Output) -> FieldSpec:
        words = "_".join(word.capitalize() for word in output.key.split("_"))
        return FieldSpec(
            kind="account",
            name=output.names["value"],
            label=_TITLES[output.key],
            type="picklist",
            help=_HELP[output.key],
            values=_values(self.model, output.key),
            value_set=f"Tierline_{words}",
            controller=output.parent_name,
            people_edit=output.policy != "machine",
        )

    def _companion(self, output: Output, role: str) -> FieldSpec:
        title = _TITLES[output.key]
        name = output.names[role]
        if role in ("date", "since"):
            word = "since" if role == "since" else "set on"
            return FieldSpec("account", name, f"{title} {word}", "date", help=f"Date Tierline set the {title.lower()}.")
        if role == "source":
            text = f"Where the {title.lower()} comes from: rule, or empty when a person chose it."
            return FieldSpec("account", name, f"{title} source", "text", help=text, length=40)
        if role == "reason":
            return FieldSpec("account", name, "Tier reason", "text", help="Why this tier, in one line.", length=255)
        text = f"The {title.lower()} Tierline suggests."
        return FieldSpec("account", name, f"{title} suggested", "text", help=text, length=80)


def _values(model: Model, key: str) -> tuple[PicklistValue, ...]:
    if key == "segment":
        return tuple(PicklistValue(segment.key, segment.label) for segment in model.segments)
    if key == "sub_segment":
        return tuple(
            PicklistValue(sub.key, sub.label, parents=(segment.key,))
            for segment in model.segments
            for sub in segment.sub_segments
        )
    if key == "value_profile":
        return tuple(PicklistValue(profile.key, profile.label) for profile in model.value_profile.profiles)
    return tuple(PicklistValue(tier, model.tiers.label(tier)) for tier in model.tiers.keys)


def layout(published: PublishedModel, connection: Connection) -> Layout:
    """The layout of a published model in a connection's CRM."""
    return layout_of(model(published), connection.kind)


def layout_of(model: Model, kind: str) -> Layout:
    crm = _crm(model, kind)
    given: Mapping[str, str] = crm.names if crm else {}
    names: dict[str, str] = {}
    outputs = []
    for key in ("segment", "sub_segment", "value_profile", "tier"):
        policy = model.policy(key).policy
        companions = ("since", "reason") if key == "tier" else _COMPANIONS[policy]
        roles = {"value": key} | {companion: f"{key}_{companion}" for companion in companions}
        found = {name: given.get(role) or _default_name(kind, role) for name, role in roles.items()}
        names |= {role: found[name] for name, role in roles.items()}
        parent = "segment" if key == "sub_segment" else ""
        outputs.append(Output(key, policy, found, parent, names["segment"] if parent else ""))
    return Layout(model, kind, tuple(outputs), names)
