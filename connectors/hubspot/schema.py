"""Installing properties: plan what is missing, apply it, check what HubSpot then shows, take it away again.

Applying reads again and merges, so a plan that has aged does no harm; applying twice changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from connectors.base import FieldSpec, RuleSpec, SchemaPlan, SchemaStep
from connectors.errors import Fatal, SchemaMismatch
from connectors.hubspot import checklist
from connectors.hubspot.client import Client, in_path
from connectors.hubspot.definitions import GROUP, GROUP_LABEL, Decision, decide, difference_of
from connectors.hubspot.errors import Refused
from connectors.hubspot.kinds import CARRIERS
from connectors.hubspot.properties import Properties, field_of

_PROPERTY, _GROUP = "Property", "PropertyGroup"
Named = Mapping[tuple[str, str], FieldSpec]  # (object, property) -> spec


class Schema:
    """Plans and applies the properties of one account. `read` gives those of an object as they are now."""

    def __init__(self, client: Client, read: Callable[[str], Properties]) -> None:
        self._client = client
        self._read = read

    def plan(self, specs: Sequence[FieldSpec], rules: Sequence[RuleSpec]) -> SchemaPlan:
        wanted = named(specs)
        if not wanted:
            return SchemaPlan(())
        known = self._known(wanted)
        decisions = {place: decide(spec, known[place[0]].get(place[1])) for place, spec in wanted.items()}
        groups = {owner for owner in known if not self._has_group(owner)}
        steps = [_step(place, wanted[place], decision, groups) for place, decision in decisions.items()]
        foreign = {".".join(place): each.foreign for place, each in decisions.items() if each.foreign}
        others = sum((owner, name) not in wanted for owner, properties in known.items() for name in properties)
        notes = (*checklist.left_out(specs), *checklist.to_click(self._client, specs, rules, known))
        return SchemaPlan(tuple(steps), foreign, others, notes)

    def apply(self, plan: SchemaPlan) -> None:
        """Raises `SchemaMismatch` before anything is changed if the plan holds a refusal, and after it if HubSpot
        does not show what was asked for."""
        for step in plan.steps:
            if step.sign == "!":
                raise SchemaMismatch(
                    f"{step.target} {step.detail}; nothing was changed.",
                    next_step="Change or rename the property in HubSpot, or give ours another name in the model.",
                    code="REFUSED_IN_PLAN",
                )
        wanted = named([step.spec for step in plan.steps if step.spec is not None])
        if not plan.changes or not wanted:
            return
        for owner in sorted({owner for owner, _ in wanted}):
            if not self._has_group(owner):
                body = {"name": GROUP, "label": GROUP_LABEL, "displayOrder": -1}
                self._client.post(self._client.paths.properties(owner, "/groups"), body)
        known = self._known(wanted)
        for (owner, name), spec in wanted.items():
            decision = decide(spec, known[owner].get(name))
            if decision.new:
                self._client.post(self._client.paths.properties(owner), decision.body)
            elif decision.body:
                self._client.patch(self._client.paths.properties(owner, f"/{in_path(name)}"), decision.body)
        self._check(wanted)

    def _check(self, wanted: Named) -> None:
        known = self._known(wanted)
        for (owner, name), spec in wanted.items():
            entry = known[owner].get(name)
            if difference := difference_of(spec, field_of(entry) if entry else None):
                raise SchemaMismatch(
                    f"{owner}.{name} was installed, but HubSpot shows it differently: {difference}.",
                    next_step="Look at the property in HubSpot's settings, correct it, then run the schema plan again.",
                    code="NOT_AS_PLANNED",
                )

    def _known(self, wanted: Named) -> dict[str, Properties]:
        return {owner: self._read(owner) for owner in sorted({owner for owner, _ in wanted})}

    def _has_group(self, owner: str) -> bool:
        groups = self._client.all(self._client.paths.properties(owner, "/groups"))
        return any(group.get("name") == GROUP and not group.get("archived", False) for group in groups)

    def plan_removal(self, created: Sequence[str], *, delete_data: bool) -> SchemaPlan:
        """A step per component that still exists; groups last."""
        return SchemaPlan(tuple(self._removals(created, delete_data=delete_data)))

    def _removals(self, created: Sequence[str], *, delete_data: bool) -> Iterator[SchemaStep]:
        for owner, name in _parts(created, _PROPERTY):
            if name in self._read(owner):
                target = f"{_PROPERTY} {owner}.{name}"
                if delete_data:
                    yield SchemaStep("-", target, "archived with all its values; HubSpot keeps them 90 days")
                else:
                    yield SchemaStep("=", target, "stays, with its data")
        for owner, _ in _parts(created, _GROUP):
            if self._has_group(owner):
                target = f"{_GROUP} {owner}.{GROUP}"
                if delete_data:
                    yield SchemaStep("-", target, "deleted; holds no data")
                else:
                    yield SchemaStep("=", target, "stays, because properties are in it")

    def remove(self, plan: SchemaPlan) -> None:
        """Archive what the plan says, in its order. A group that still has properties of others stays."""
        for step in plan.changes:
            kind, _, full_name = step.target.partition(" ")
            owner, _, name = full_name.partition(".")
            if kind == _PROPERTY:
                self._archive(owner, name)
            elif not any(each.get("groupName") == name for each in self._read(owner).values()):
                self._client.delete(self._client.paths.properties(owner, f"/groups/{in_path(name)}"))

    def _archive(self, owner: str, name: str) -> None:
        try:
            self._client.delete(self._client.paths.properties(owner, f"/{in_path(name)}"))
        except Refused as refused:
            raise Fatal(
                f"HubSpot does not let the property {owner}.{name} go: {refused.fault.message}",
                next_step="Take it out of the workflows, lists and forms that use it: Settings > Properties > Used in.",
                code="IN_USE",
            ) from None


def named(specs: Iterable[FieldSpec]) -> dict[tuple[str, str], FieldSpec]:
    """The specs that HubSpot has an object for, by object and property."""
    return {(CARRIERS[spec.kind], spec.name): spec for spec in specs if spec.kind in CARRIERS}


def drift(specs: Sequence[FieldSpec], read: Callable[[str], Properties]) -> Iterator[str]:
    """One sentence per property that is not as the model has it."""
    for (owner, name), spec in named(specs).items():
        entry = read(owner).get(name)
        if difference := difference_of(spec, field_of(entry) if entry else None):
            yield f"{owner}.{name} ({spec.label}): {difference}."


def _parts(created: Sequence[str], kind: str) -> list[tuple[str, str]]:
    """(object, name) of the components of a type."""
    found = {name.partition(".") for which, _, name in (each.partition(" ") for each in created) if which == kind}
    return sorted((owner, name) for owner, _, name in found)


def _step(place: tuple[str, str], spec: FieldSpec, decision: Decision, groups: Iterable[str]) -> SchemaStep:
    target = ".".join(place)
    if decision.refusal:
        return SchemaStep("!", target, decision.refusal, spec)
    kept = ", ".join(f'"{label}"' for label in decision.foreign)
    many = "" if len(decision.foreign) == 1 else "s"
    notes = [*decision.notes, *([f"keeps {len(decision.foreign)} option{many} not ours: {kept}"] if kept else [])]
    detail = "; ".join(notes) or "unchanged"
    if decision.new:
        group = (f"{_GROUP} {place[0]}.{GROUP}",) if place[0] in groups else ()
        return SchemaStep("+", target, detail, spec, creates=(f"{_PROPERTY} {target}", *group))
    return SchemaStep("~" if decision.notes else "=", target, detail, spec)
