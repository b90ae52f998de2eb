"""Installing fields: plan what is missing, apply it in an order that works, check what the org then shows.

The plan reads definitions through the Metadata API, because describe hides fields that the integration user
may not see yet. Applying reads again and merges, so a plan that has aged does no harm; applying twice changes
nothing the second time.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connectors.base import Field, FieldSpec, PicklistValue, RuleSpec, SchemaPlan, SchemaStep
from connectors.errors import SchemaMismatch
from connectors.picklists import Merge
from connectors.salesforce import detail, trial
from connectors.salesforce.client import Client
from connectors.salesforce.definitions import Decision, decide, merge_into
from connectors.salesforce.drift import difference_of
from connectors.salesforce.fields import Describe, fields_of
from connectors.salesforce.kinds import DETAIL, only_source
from connectors.salesforce.lead_conversion import LeadConversion
from connectors.salesforce.metadata import Element, MetadataApi, component, put
from connectors.salesforce.obligations import Obligations
from connectors.salesforce.permissions import PermissionSets
from connectors.salesforce.picklists import has_own_list
from connectors.salesforce.record_types import RecordTypes


@dataclass(frozen=True)
class ValueList:
    """A global value set with our values merged in. `element` is None when nothing changes."""

    element: Element | None
    merged: Merge
    new: bool


@dataclass(frozen=True)
class Draft:
    """Everything to do, as decided from one reading of the org."""

    specs: Mapping[str, FieldSpec]  # by full name, e.g. "Account.Tier__c"
    decisions: Mapping[str, Decision]
    value_lists: Mapping[str, ValueList]


class Schema:
    """Plans and applies the fields of one org."""

    def __init__(
        self,
        metadata: MetadataApi,
        client: Client,
        describe: Callable[[str], Describe],
        own_ids: Callable[[], tuple[str, str]],
    ) -> None:
        self._metadata = metadata
        self._client = client
        self._describe = describe
        self._own_ids = own_ids

    def plan(self, specs: Sequence[FieldSpec], rules: Sequence[RuleSpec] = ()) -> SchemaPlan:
        if not specs:
            return SchemaPlan(())
        specs = detail.with_key(specs)
        draft = self._draft(specs)
        steps = [*detail.step(self._metadata, specs), *(_step(name, draft) for name in draft.specs)]
        steps += self._record_types().steps(specs)
        steps += LeadConversion(self._metadata).steps(specs)
        steps += self._permissions().steps(dict(draft.specs), bypass=bool(rules))
        steps += self._obligations().steps(rules)
        return SchemaPlan(
            steps=tuple(steps),
            foreign={name: foreign for name in draft.specs if (foreign := _foreign(name, draft))},
            other_fields=self._other_fields(draft),
        )

    def apply(self, plan: SchemaPlan) -> None:
        """Raises `SchemaMismatch` before anything is changed if the plan holds a refusal, and after it if the
        org does not show what was asked for."""
        for step in plan.steps:
            if step.sign == "!":
                raise _refused(step)
        specs = [step.spec for step in plan.steps if step.spec is not None]
        if not plan.changes or not specs:
            return
        draft = self._draft(specs)
        rules = [step.rule for step in plan.steps if step.rule is not None]
        trial.check(self._client, self._components(draft, rules))
        # Objects and lists first, then the fields that use them, then the fields that depend on those.
        self._metadata.upsert("CustomObject", self._objects(draft))
        self._metadata.upsert("GlobalValueSet", _lists(draft))
        for dependent in (False, True):
            self._metadata.upsert("CustomField", _elements(draft, dependent=dependent))
        self._record_types().apply(list(draft.specs.values()))
        LeadConversion(self._metadata).apply(draft.specs.values())
        obligations = self._obligations()
        obligations.allow_bypass(rules)
        self._permissions().grant(dict(draft.specs), bypass=bool(rules))
        self._check(draft)
        # Rules last: they are of no use before their fields are there, and in the way before the bypass is granted.
        obligations.apply(rules)

    def _components(self, draft: Draft, rules: Sequence[RuleSpec]) -> list[trial.Component]:
        """Everything that is about to change, for the org to try together."""
        fields = [element for dependent in (False, True) for element in _elements(draft, dependent=dependent)]
        obligations = self._obligations()
        parts = {
            "CustomObject": self._objects(draft),
            "GlobalValueSet": _lists(draft),
            "CustomField": fields,
            "RecordType": self._record_types().elements(list(draft.specs.values())),
            "CustomPermission": obligations.bypasses(rules),
            "PermissionSet": self._permissions().elements(dict(draft.specs), bypass=bool(rules)),
            "ValidationRule": obligations.elements(rules),
        }
        return [(component_type, element) for component_type, elements in parts.items() for element in elements]

    def _objects(self, draft: Draft) -> list[Element]:
        return [detail.definition()] if detail.missing(self._metadata, draft.specs.values()) else []

    def _draft(self, specs: Sequence[FieldSpec]) -> Draft:
        named = {f"{only_source(spec.kind).name}.{spec.name}": spec for spec in specs}
        definitions = self._metadata.read("CustomField", named)
        wanted = {
            spec.value_set: spec.values
            for name, spec in named.items()
            if spec.value_set and not has_own_list(definitions.get(name))
        }
        sets = self._metadata.read("GlobalValueSet", wanted)
        return Draft(
            specs=named,
            decisions={
                name: decide(spec, name, definitions.get(name), _controlling(spec, specs))
                for name, spec in named.items()
            },
            value_lists={name: _value_list(name, sets.get(name), values) for name, values in wanted.items()},
        )

    def _permissions(self) -> PermissionSets:
        return PermissionSets(self._metadata, self._client, self._own_ids()[1])

    def _record_types(self) -> RecordTypes:
        return RecordTypes(self._metadata, self._client)

    def _obligations(self) -> Obligations:
        return Obligations(self._metadata, self._describe)

    def _other_fields(self, draft: Draft) -> int:
        objects = {name.partition(".")[0] for name in draft.specs} - {DETAIL}
        names = [f"{each}.{field['name']}" for each in objects for field in self._describe(each)["fields"]]
        return sum(name not in draft.specs for name in names)

    def _check(self, draft: Draft) -> None:
        shown: dict[str, Mapping[str, Field]] = {}
        for name, spec in draft.specs.items():
            owner = name.partition(".")[0]
            if owner not in shown:
                shown[owner] = fields_of(self._describe(owner))
            if difference := difference_of(spec, shown[owner].get(spec.name)):
                raise SchemaMismatch(
                    f"{name} was installed, but the org shows it differently: {difference}.",
                    next_step="Look at the field in Setup, correct it, then run the schema plan again.",
                    code="NOT_AS_PLANNED",
                )


def _refused(step: SchemaStep) -> SchemaMismatch:
    return SchemaMismatch(
        f"{step.target} {step.detail}; nothing was changed.",
        next_step="Change or rename the field in Salesforce, or give ours another name in the model.",
        code="REFUSED_IN_PLAN",
    )


def _controlling(spec: FieldSpec, specs: Sequence[FieldSpec]) -> frozenset[str]:
    """The controlling field's values that are ours; all parents named where that field is not ours."""
    for other in specs:
        if other.kind == spec.kind and other.name == spec.controller:
            return frozenset(value.key for value in other.values)
    return frozenset(parent for value in spec.values for parent in value.parents)


def _value_list(name: str, existing: Element | None, values: Sequence[PicklistValue]) -> ValueList:
    element = copy.deepcopy(existing) if existing is not None else _empty_set(name)
    merged = merge_into(element, "customValue", values)
    return ValueList(element if merged.notes else None, merged, new=existing is None)


def _empty_set(name: str) -> Element:
    element = component(name)
    put(element, "masterLabel", name.replace("_", " "))
    put(element, "sorted", "false")
    return element


def new_value_set(name: str, values: Sequence[PicklistValue]) -> Element:
    """A global value set with these values and no others."""
    element = _empty_set(name)
    merge_into(element, "customValue", values)
    return element


def _lists(draft: Draft) -> list[Element]:
    return [each.element for each in draft.value_lists.values() if each.element is not None]


def _elements(draft: Draft, *, dependent: bool) -> list[Element]:
    return [
        decision.element
        for name, decision in draft.decisions.items()
        if decision.element is not None and bool(draft.specs[name].controller) == dependent
    ]


def _step(name: str, draft: Draft) -> SchemaStep:
    spec, decision = draft.specs[name], draft.decisions[name]
    if decision.refusal:
        return SchemaStep("!", name, decision.refusal, spec)
    notes = [*decision.notes]
    listed = draft.value_lists.get(spec.value_set)
    if listed is not None and not listed.new:
        notes += listed.merged.notes
    foreign = _foreign(name, draft)
    kept = f"keeps {len(foreign)} value{'' if len(foreign) == 1 else 's'} not ours: " + ", ".join(
        f'"{label}"' for label in foreign
    )
    detail = "; ".join([*notes, *([kept] if foreign else [])]) or "unchanged"
    if decision.new:
        lists = (f"GlobalValueSet {spec.value_set}",) if listed is not None and listed.new else ()
        return SchemaStep("+", name, detail, spec, creates=(f"CustomField {name}", *lists))
    return SchemaStep("~" if notes else "=", name, detail, spec)


def _foreign(name: str, draft: Draft) -> tuple[str, ...]:
    listed = draft.value_lists.get(draft.specs[name].value_set)
    own = draft.decisions[name].foreign
    return own if own or listed is None else listed.merged.foreign
