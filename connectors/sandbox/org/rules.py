"""Validation rules: conditions under which a record is refused, whoever saves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from connectors.sandbox.org.components import Body, Components
from connectors.sandbox.org.definitions import Definitions
from connectors.sandbox.org.derived import Context, Draft
from connectors.sandbox.org.formula_terms import FormulaError, Scope
from connectors.sandbox.org.formulas import Formula, compile_condition
from connectors.sandbox.org.outcomes import RowError, SchemaError
from connectors.sandbox.org.records import Store
from connectors.sandbox.org.schema import ObjectDef

RULE, PERMISSION = "ValidationRule", "CustomPermission"
Permissions = Callable[[str], frozenset[str]]


@dataclass(frozen=True)
class ValidationRule:
    """Refuses a record for which `formula` is true, with `message` at `field` (or, without one, at the record)."""

    object: str
    name: str
    active: bool
    formula: str
    message: str
    field: str = ""
    description: str = ""

    @property
    def full_name(self) -> str:
        return f"{self.object}.{self.name}"


def rules_of(bodies: Mapping[str, Body]) -> dict[str, ValidationRule]:
    """Rules by full name."""
    return {name: ValidationRule(**body) for name, body in bodies.items()}


def body_of(rule: ValidationRule) -> Body:
    return asdict(rule)


class Rulebook:
    """The active rules of one org, compiled once per version of the schema."""

    def __init__(self, store: Store, definitions: Definitions, permissions: Permissions) -> None:
        self._components = Components(store)
        self._definitions = definitions
        self._permissions = permissions
        self._version = -1
        self._active: dict[str, list[tuple[ValidationRule, Formula]]] = {}

    def all(self) -> dict[str, ValidationRule]:
        return rules_of(self._components.all(RULE))

    def save(self, rule: ValidationRule) -> None:
        """Creates or replaces the rule. Raises SchemaError if its formula cannot be compiled."""
        definition = self._definitions.get(rule.object)
        try:
            compile_condition(rule.formula, definition, self._definitions.find, self.permission_names())
        except FormulaError as error:
            raise SchemaError("FIELD_INTEGRITY_EXCEPTION", str(error)) from None
        self._components.save(RULE, rule.full_name, body_of(rule))

    def check_unused(self, full_name: str) -> None:
        """Raises SchemaError if a rule, active or not, looks at this field (Object.Field)."""
        names = self.permission_names()
        for rule in self.all().values():
            definition = self._definitions.get(rule.object)
            used = compile_condition(rule.formula, definition, self._definitions.find, names).used
            if full_name in used:
                raise SchemaError(
                    "DEPENDENCY_EXISTS", f"This custom field is referenced elsewhere: Validation Rule {rule.full_name}"
                )

    def permission_names(self) -> frozenset[str]:
        return frozenset(name.lower() for name in self._components.all(PERMISSION))

    def errors(self, definition: ObjectDef, draft: Draft, context: Context, user_id: str) -> tuple[RowError, ...]:
        """One error per rule that the record breaks, in the order in which the rules were made."""
        rules = self._of(definition)
        if not rules:
            return ()
        scope = Scope(draft.row, draft.old, context, user_id, self._permissions)
        return tuple(
            RowError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, (rule.field,) if rule.field else ())
            for rule, formula in rules
            if formula.holds(scope)
        )

    def _of(self, definition: ObjectDef) -> Sequence[tuple[ValidationRule, Formula]]:
        if self._version != self._definitions.version:
            self._compile()
        return self._active.get(definition.name, ())

    def _compile(self) -> None:
        version, names = self._definitions.version, self.permission_names()
        active: dict[str, list[tuple[ValidationRule, Formula]]] = {}
        for rule in self.all().values():
            definition = self._definitions.find(rule.object)
            if rule.active and definition is not None:
                formula = compile_condition(rule.formula, definition, self._definitions.find, names)
                active.setdefault(definition.name, []).append((rule, formula))
        self._active, self._version = active, version
