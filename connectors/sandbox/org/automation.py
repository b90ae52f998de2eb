"""Automation of an org: flows and triggers that set fields of a record that is being saved, or refuse it.

They are the setting `automations`; as records of FlowDefinitionView and ApexTrigger a client can list them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from connectors.sandbox.org.components import Components
from connectors.sandbox.org.definitions import Definitions
from connectors.sandbox.org.derived import Context, Draft
from connectors.sandbox.org.formula_fields import Find
from connectors.sandbox.org.formula_terms import FormulaError, Scope
from connectors.sandbox.org.formulas import Formula, compile_condition, compile_formula
from connectors.sandbox.org.outcomes import SchemaError
from connectors.sandbox.org.records import Store, table
from connectors.sandbox.org.rules import PERMISSION, Permissions
from connectors.sandbox.org.schema import ObjectDef
from connectors.sandbox.org.validation import Plan
from connectors.sandbox.org.values import Refused

if TYPE_CHECKING:
    from connectors.sandbox.org.org import Org

SETTING = "automations"


@dataclass(frozen=True)
class Automation:
    """What happens to records of an object for which the formula `when` is true.

    Attributes:
        set: field -> formula of its new value. `refuse`: the record is refused with this text instead.
    """

    name: str
    object: str
    when: str
    kind: Literal["flow", "trigger"] = "flow"
    label: str = ""
    set: Mapping[str, str] = field(default_factory=dict)
    refuse: str = ""
    active: bool = True


@dataclass(frozen=True)
class _Compiled:
    automation: Automation
    when: Formula
    set: Mapping[str, Formula]


def read(setting: object) -> list[Automation]:
    """Raises SchemaError if the setting is not a list of automations."""
    known = {item.name for item in fields(Automation)}
    found = []
    listed: list[Any] = setting if isinstance(setting, list) else [] if setting is None else [setting]
    for body in listed:
        named = set(body) if isinstance(body, dict) else set()
        if not {"name", "object", "when"} <= named <= known or body.get("kind", "flow") not in ("flow", "trigger"):
            raise SchemaError("INVALID_INPUT", f"not an automation: {body}")
        found.append(Automation(**body))
    return found


def _compiled(automation: Automation, find: Find, permissions: frozenset[str]) -> _Compiled:
    definition = find(automation.object)
    if definition is None:
        raise SchemaError("INVALID_TYPE", f"{automation.name}: no object named {automation.object}")
    try:
        when = compile_condition(automation.when, definition, find, permissions)
        changes = {}
        for name, text in automation.set.items():
            item = definition.find(name)
            if item is None:
                raise SchemaError("INVALID_FIELD", f"{automation.name}: no field {name} on {definition.name}")
            changes[item.name] = compile_formula(text, definition, find, permissions)
    except FormulaError as error:
        raise SchemaError("FIELD_INTEGRITY_EXCEPTION", f"{automation.name}: {error}") from None
    return _Compiled(automation, when, changes)


class Automations:
    """The active automations of one org, in the order of the setting."""

    def __init__(self, store: Store, definitions: Definitions, permissions: Permissions) -> None:
        self._store = store
        self._definitions = definitions
        self._permissions = permissions
        self._version = -1
        self._active: dict[str, list[_Compiled]] = {}

    def run(self, plan: Plan, draft: Draft, context: Context, user_id: str) -> None:
        """Changes the draft. Raises `Refused` if an automation refuses the record."""
        for each in self._of(plan.definition):
            scope = Scope(draft.row, draft.old, context, user_id, self._permissions)
            if not each.when.holds(scope):
                continue
            if each.automation.refuse:
                raise _refused(each.automation)
            values = {name: plan.convert[name](formula.value(scope)) for name, formula in each.set.items()}
            draft.row.update(values)
            draft.given |= frozenset(values)

    def _of(self, definition: ObjectDef) -> Sequence[_Compiled]:
        if self._version != self._definitions.version:
            self._compile()
        return self._active.get(definition.name, ())

    def _compile(self) -> None:
        version, active = self._definitions.version, dict[str, list[_Compiled]]()
        for each in self.compiled(self._store.setting(SETTING)):
            if each.automation.active:
                active.setdefault(self._definitions.get(each.automation.object).name, []).append(each)
        self._active, self._version = active, version

    def check_unused(self, full_name: str) -> None:
        """Raises SchemaError if an automation looks at this field (Object.Field) or sets it."""
        for each in self.compiled(self._store.setting(SETTING)):
            used = each.when.used.union(*(formula.used for formula in each.set.values()))
            if full_name in used | {f"{each.automation.object}.{name}" for name in each.set}:
                raise SchemaError(
                    "DEPENDENCY_EXISTS", f"This custom field is referenced elsewhere: {each.automation.name}"
                )

    def compiled(self, setting: object) -> list[_Compiled]:
        """Raises SchemaError for what cannot be compiled."""
        names = frozenset(name.lower() for name in Components(self._store).all(PERMISSION))
        return [_compiled(each, self._definitions.find, names) for each in read(setting)]


def _refused(automation: Automation) -> Refused:
    if automation.kind == "trigger":
        return Refused("FIELD_CUSTOM_VALIDATION_EXCEPTION", automation.refuse)
    label = automation.label or automation.name
    return Refused(
        "CANNOT_EXECUTE_FLOW_TRIGGER",
        f"We can't save this record because the “{label}” process failed. Give your Salesforce admin these details. "
        f"{automation.refuse}",
    )


def replace(org: Org, setting: object) -> None:
    """Makes this list the org's automations. Raises SchemaError and changes nothing if one of them is wrong."""
    found = [each.automation for each in org.automations.compiled(setting)]
    with org.store.writing() as connection:
        org.store.set_setting(SETTING, setting)
        # Whoever compiled the automations before does so again.
        org.store.take_numbers("schema")
        for name in ("FlowDefinitionView", "ApexTrigger"):
            connection.execute(f"DELETE FROM {table(name)}")
        org.bulk_load("FlowDefinitionView", [_flow_row(org, each) for each in found if each.kind == "flow"])
        org.bulk_load("ApexTrigger", [_trigger_row(each) for each in found if each.kind == "trigger"])


def _flow_row(org: Org, automation: Automation) -> dict[str, Any]:
    definition = org.object(automation.object)
    return {
        "ApiName": automation.name, "DurableId": automation.name, "Label": automation.label or automation.name,
        "ProcessType": "AutoLaunchedFlow", "TriggerType": "RecordBeforeSave",
        "TriggerObjectOrEventId": definition.name, "TriggerObjectOrEventLabel": definition.label,
        "RecordTriggerType": "CreateAndUpdate", "IsActive": automation.active,
        "ActiveVersionId": automation.name if automation.active else None,
    }  # fmt: skip


def _trigger_row(automation: Automation) -> dict[str, Any]:
    return {
        "Name": automation.name, "TableEnumOrId": automation.object,
        "Status": "Active" if automation.active else "Inactive", "IsValid": True, "ApiVersion": 63,
        "UsageBeforeInsert": True, "UsageBeforeUpdate": True,
    }  # fmt: skip
