"""What is published and where: the outputs of a model, their fields in one CRM, and the columns that are read.

A *role* names one field of ours independent of the CRM: "segment", "segment_source", "tier_since" ... The model file
may name the field of any role; otherwise it has the default name made here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType

from connectors.base import FieldSpec, PicklistValue, Scalar
from connectors.registry import DETAILS_ON_ACCOUNT
from scoring import model as models
from scoring.model import Model
from scoring.model.shape import CrmFields, OutputKey
from sync.governance import requests
from sync.models import Connection, PublishedModel
from sync.plan import Output
from sync.writing import details, quality_line

#: How the source of a value begins that a person vouches for.
CONFIRMED = "confirmed by"
#: Column of the mirror's accounts with the id of the user who saved the record last, where requests need it.
SAVED_BY = "own_saved_by"
#: Where that stands, per CRM; one that is not here does not tell it by a user's id.
_SAVED_BY = {"salesforce": "LastModifiedById"}

#: Prefix of the mirror's account columns that hold the current values of our own fields.
OWN = "own_"

#: Kinds beside the account that carry fields of ours.
ATTACHED = DETAIL, OPPORTUNITY = "detail", "opportunity"
#: Kinds that are read for owners who are found by sales territory, and for nothing else.
TERRITORIES = frozenset({"territory", "territory_user", "territory_account"})

_COMPANIONS: Mapping[str, tuple[str, ...]] = {"machine": (), "fill": ("source", "date"), "suggest": ("suggestion",)}
#: Besides those, where people can confirm a value on the card: who vouches for it since when, and what speaks for it.
_CONFIRMED: Mapping[str, tuple[str, ...]] = {"machine": (), "fill": ("why",), "suggest": ("source", "date", "why")}
_OUTPUTS: tuple[OutputKey, ...] = ("segment", "sub_segment", "value_profile", "tier")
_TITLES = {
    "segment": "Segment",
    "sub_segment": "Sub-segment",
    "value_profile": "Value profile",
    "tier": "Tier",
    "group_tier": "Group tier",
}
_HELP = {
    "segment": "What kind of customer this is. Filled by Tierline when empty; what people choose stays.",
    "sub_segment": "Closer description within the segment. Only values of the chosen segment are valid.",
    "value_profile": "What this customer values most. Filled by Tierline when empty; what people choose stays.",
    "group_tier": "Computed by Tierline for the account's whole group; this account's own tier stands beside it.",
    "tier": "Computed by Tierline from customer value and cost to serve. An edit becomes an override request.",
}
#: Earlier models that are looked at for fields that were left: as many as stay parsed.
_REMEMBERED = 7
#: How components are called that are fields, in the CRMs' own terms.
_FIELDS = ("CustomField ", "Property ")
_UNIT_HELP = "Computed by Tierline from what this business unit sells the account; the tier of all stands beside it."


def title(model: Model | None, key: str) -> str:
    """What people call an output; "" for a key that is none."""
    units = {unit.column("tier"): f"{unit.label} tier" for unit in model.business_units.units} if model else {}
    return _TITLES.get(key) or units.get(key, "")


@lru_cache(maxsize=8)
def _parsed(fingerprint: str, text: str, source: str) -> Model:
    return models.parse(text, source)


def model(published: PublishedModel) -> Model:
    """The model of a published version."""
    return _parsed(published.fingerprint, published.text, published.source)


def _default_name(kind: str, role: str) -> str:
    """Default API name of a role's field: Tierline_Sub_Segment__c in Salesforce, tierline_sub_segment in HubSpot."""
    words = "_".join(word.capitalize() for word in role.split("_"))
    return {"salesforce": f"Tierline_{words}__c", "hubspot": f"tierline_{role}"}[kind]


def _crm(model: Model, kind: str) -> CrmFields | None:
    """What the model file says about fields in this kind of CRM."""
    return next((fields for name, fields in model.crm.items() if name == kind), None)


@dataclass(frozen=True)
class Layout:
    """The outputs of one model in one CRM.

    Attributes:
        names: role -> API name of our field on the account.
        detail: key -> API name of our field on the account's detail record; empty when the model has none.
        carried: output -> API name of the same value on opportunities, for those that carry it.
        left: outputs that the model does not feed any more: key -> what people call it. They are read, and emptied.
    """

    model: Model
    kind: str
    outputs: tuple[Output, ...]
    names: Mapping[str, str]
    detail: Mapping[str, str]
    carried: Mapping[str, str]
    left: Mapping[str, str] = field(default_factory=dict)

    @property
    def details_on_account(self) -> bool:
        """Whether details are fields of the account itself: the CRM has no object of ours beside it."""
        return bool(self.detail) and self.kind in DETAILS_ON_ACCOUNT

    def reads(self, kind: str) -> bool:
        """Whether a kind that the CRM has is of any use to this model."""
        if kind in TERRITORIES:
            return goes_by_territory(self.model)
        return kind != DETAIL or bool(self.detail)

    @property
    def objects(self) -> Mapping[str, str]:
        """Kind -> object of the CRM that carries it, where the model names one."""
        crm = _crm(self.model, self.kind)
        return {str(kind): name for kind, name in crm.objects.items()} if crm else {}

    @property
    def mapped(self) -> Mapping[str, Mapping[str, str]]:
        """Kind -> column -> CRM field path, where the model says which field holds what."""
        crm = _crm(self.model, self.kind)
        return crm.fields if crm else {}

    def columns(self, kind: str, defaults: Mapping[str, str]) -> dict[str, str]:
        """Column -> CRM field path of everything that is read of this kind."""
        crm = _crm(self.model, self.kind)
        columns = dict(defaults) | dict(crm.fields.get(kind, {}) if crm else {})
        if kind == "account" and self.details_on_account:
            columns |= {OWN + key: name for key, name in self.detail.items()}
        if kind == "account" and requests.REQUEST in self.names and self.kind in _SAVED_BY:
            columns[SAVED_BY] = _SAVED_BY[self.kind]
        return columns | {OWN + role: name for role, name in self._own(kind).items()}

    def mirrored(self, kind: str) -> tuple[str, dict[str, str]]:
        """Where the mirror keeps our fields of this kind of record: its table, and API name -> column."""
        table = "account" if kind == DETAIL and self.details_on_account else kind
        return table, {name: OWN + role for role, name in self._own(kind).items()}

    def _own(self, kind: str) -> Mapping[str, str]:
        """Our fields of this kind of record, by role."""
        return {"account": self.names, DETAIL: self.detail, OPPORTUNITY: self.carried}.get(kind, {})

    def by_api_name(self, record: Mapping[str, Scalar], kind: str = "account") -> dict[str, Scalar]:
        """Our fields of a mirrored record, by API name."""
        return {name: record.get(OWN + role) for role, name in self._own(kind).items()}

    def published(self, values: Mapping[str, Scalar], kind: str = "account") -> dict[str, str | None]:
        """What an account remembers as written by us: the values (no companions) among these fields, by key.

        What a person vouches for is not ours. Of a request that was emptied no mark is left.
        Of a detail record it remembers a mark of each value; an opportunity says by its account what was written.
        """
        if kind == DETAIL:
            return details.marks(self.detail, values)
        if kind != "account":
            return {}
        found = {}
        for output in self.outputs:
            name, source = output.names["value"], output.names.get("source", "")
            if name in values and not str(values.get(source) or "").startswith(CONFIRMED):
                value = values[name]
                found[output.key] = None if value is None else str(value)
        asked = self.names.get(requests.REQUEST, "")
        if asked in values and values[asked] is None:
            found[requests.MARK] = None
        return found

    def removes(self, kind: str, after: Mapping[str, Scalar]) -> bool:
        """Whether a change takes a record of ours away."""
        return kind == DETAIL and details.removes(self.detail, after)

    def title(self, name: str) -> str:
        """What people call the field with this API name."""
        return next((spec.label for spec in self.specs() if spec.name == name), name)

    def words(self, name: str, value: Scalar) -> str:
        """A value of that field as people read it."""
        if value is None or value == "":
            return "empty"
        values = next((spec.values for spec in self.specs() if spec.name == name), ())
        return next((known.label for known in values if known.key == value), str(value))

    def key(self, name: str, said: str) -> str:
        """The key of a value of that field which somebody wrote by its key or label; what is neither, as it is."""
        values = next((spec.values for spec in self.specs() if spec.name == name), ())
        keys = {known.label.casefold(): known.key for known in values}
        return said if any(known.key == said for known in values) else keys.get(said.casefold(), said)

    def choices(self) -> dict[str, tuple[str, ...]]:
        """Allowed keys per output."""
        return {output.key: tuple(value.key for value in _values(self.model, output.key)) for output in self.outputs}

    def specs(self, deserted: Mapping[str, Collection[str]] = MappingProxyType({})) -> list[FieldSpec]:
        """The fields the CRM has to have, controlling ones first.

        `deserted`: per output, retired values that no record holds any more; they are taken off the list.
        """
        specs = []
        for output in (each for each in self.outputs if each.fed):
            specs.append(self._picklist(output, deserted.get(output.key, ())))
            specs += [self._companion(output, role) for role in output.names if role != "value"]
        picklists = {spec.name: spec for spec in specs}
        specs += [
            replace(picklists[name], kind=OPPORTUNITY, controller=self._controller(key), people_edit=True)
            for key, name in self.carried.items()
        ]
        specs += [self._on_lead(picklists[self.names[key]]) for key in self.model.leads.values]
        asked = requests.specs(self.names, self.model)
        return [*specs, *quality_line.specs(self.names), *asked, *details.specs(self.detail)]

    def _controller(self, key: str) -> str:
        """The field a carried value depends on, if that is carried too."""
        return self.carried.get("segment", "") if key == "sub_segment" else ""

    def _on_lead(self, spec: FieldSpec) -> FieldSpec:
        held = {self.names[key] for key in self.model.leads.values}
        controller = spec.controller if spec.controller in held else ""
        return replace(spec, kind="lead", controller=controller, people_edit=True, converts_to=spec.name)

    def _picklist(self, output: Output, deserted: Collection[str]) -> FieldSpec:
        retired = self.model.retired.of(output.key)
        gone = tuple(PicklistValue(each.key, each.label, active=False) for each in retired if each.key in deserted)
        return FieldSpec(
            kind="account",
            name=output.names["value"],
            label=title(self.model, output.key),
            type="picklist",
            help=_HELP.get(output.key) or _UNIT_HELP,
            values=(*_values(self.model, output.key), *gone),
            value_set=value_set(output.key),
            controller=output.parent_name,
            people_edit=output.policy != "machine",
        )

    def _companion(self, output: Output, role: str) -> FieldSpec:
        label = title(self.model, output.key)
        name = output.names[role]
        if role in ("date", "since"):
            word = "since" if role == "since" else "set on"
            return FieldSpec("account", name, f"{label} {word}", "date", help=f"Date Tierline set the {label.lower()}.")
        if role == "source":
            text = f"Where the {label.lower()} comes from: rule, confirmed by a person, or empty when chosen here."
            return FieldSpec("account", name, f"{label} source", "text", help=text, length=40)
        if role == "reason":
            return FieldSpec("account", name, "Tier reason", "text", help="Why this tier, in one line.", length=255)
        if role == "why":
            text = f"Why by the model's rules it is this {label.lower()}, or the suggested one."
            return FieldSpec("account", name, f"{label} why", "text", help=text, length=255)
        text = f"The {label.lower()} Tierline suggests."
        return FieldSpec("account", name, f"{label} suggested", "text", help=text, length=80)


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


def goes_by_territory(model: Model) -> bool:
    """Whether the model finds owners by sales territory."""
    return any(rule.to == "territory" for rule in model.owners)


def layout(published: PublishedModel, connection: Connection) -> Layout:
    """The layout of a published model in a connection's CRM, with outputs of earlier models whose field is still there.

    These are tiers of business units and of groups, which models come to have and lose; all others every model has.
    """
    found = layout_of(model(published), connection.kind)
    fields = {part.rpartition(".")[2] for part in connection.installed if part.startswith(_FIELDS)}
    others = fields - {*found.names.values(), *found.detail.values(), *found.carried.values()}
    if not others:
        return found
    outputs, left = list(found.outputs), dict(found.left)
    for earlier in _earlier(published):
        known = layout_of(model(earlier), connection.kind)
        for output in known.outputs[len(_OUTPUTS) :]:
            if output.names["value"] in others and output.key not in left:
                outputs.append(replace(output, fed=False))
                left[output.key] = title(known.model, output.key)
                others.discard(output.names["value"])
    names = {**found.names, **{each.key: each.names["value"] for each in outputs if each.key in left}}
    return replace(found, outputs=tuple(outputs), names=names, left=left)


def _earlier(published: PublishedModel) -> list[PublishedModel]:
    """Other models of the same portfolio, the newest first."""
    others = PublishedModel.objects.filter(portfolio=published.portfolio_id).exclude(pk=published.pk)
    return list(others.order_by("-published_at", "-pk")[:_REMEMBERED])


def value_set(key: str) -> str:
    """The list of an output's values, where a CRM has lists that fields share."""
    return "_".join(["Tierline", *(word.capitalize() for word in key.split("_"))])


def layout_of(model: Model, kind: str) -> Layout:
    crm = _crm(model, kind)
    given: Mapping[str, str] = crm.names if crm else {}
    names: dict[str, str] = {}
    outputs = []
    for key in _OUTPUTS:
        policy = model.policy(key).policy
        companions = ("since", "reason") if key == "tier" else _COMPANIONS[policy]
        if model.requests.enabled and key != "tier":
            companions += _CONFIRMED[policy]
        roles = {"value": key} | {companion: f"{key}_{companion}" for companion in companions}
        found = {name: given.get(role) or _default_name(kind, role) for name, role in roles.items()}
        names |= {role: found[name] for name, role in roles.items()}
        parent = "segment" if key == "sub_segment" else ""
        retired = {value.key: value.into for value in model.retired.of(key)}
        outputs.append(Output(key, policy, found, parent, names["segment"] if parent else "", retired))
    if model.groups.publish:
        names["group_tier"] = given.get("group_tier") or _default_name(kind, "group_tier")
        outputs.append(Output("group_tier", "machine", {"value": names["group_tier"]}))
    if model.business_units.publish:
        for role in (unit.column("tier") for unit in model.business_units.units):
            names[role] = given.get(role) or _default_name(kind, role)
            outputs.append(Output(role, "machine", {"value": names[role]}))
    if model.quality.publish:
        role = quality_line.ROLE
        names[role] = given.get(role) or _default_name(kind, role)
    if model.requests.enabled:
        names |= {role: given.get(role) or model.crm_names(kind)[role] for role in requests.ROLES}
    detail = {key: given.get(role) or model.crm_names(kind)[role] for key, role in details.roles(model).items()}
    carried: dict[str, str] = {key: names[key] for key in _OUTPUTS if key in model.opportunities.values}
    return Layout(model, kind, tuple(outputs), names, detail if model.detail.enabled else {}, carried)
