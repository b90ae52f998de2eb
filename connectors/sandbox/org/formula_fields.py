"""Names in formulas: fields of the record and of its parents, and the variables that begin with a dollar sign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from connectors.sandbox.org.derived import Stored
from connectors.sandbox.org.formula_terms import FormulaError, Scope, Term, Value, kind_of, reader
from connectors.sandbox.org.schema import FieldDef, ObjectDef

Row = Callable[[Scope], Stored]
#: The object of a name, or None.
Find = Callable[[str], ObjectDef | None]


@dataclass
class Names:
    """Resolves the names of one formula.

    Attributes:
        find: objects the formula may reach.
        blank_as_zero: an empty number counts as 0.
        nested: how the formula of a formula field that is named here becomes a term.
        used: fields the formula names, as Object.Field.
    """

    definition: ObjectDef
    find: Find
    custom_permissions: frozenset[str]
    nested: Callable[[ObjectDef, FieldDef], Term]
    blank_as_zero: bool = False
    used: set[str] = field(default_factory=set)

    def term(self, name: str) -> Term:
        """Raises FormulaError for a name that means nothing."""
        first, *rest = name.split(".")
        match first.lower(), rest:
            case "true", []:
                return Term("Boolean", lambda scope: True)
            case "false", []:
                return Term("Boolean", lambda scope: False)
            case "null", []:
                return Term("Null", lambda scope: None)
            case "$permission", [permission]:
                return self._permission(permission)
            case "$user", [_, *_]:
                return self._field(name, "User", rest, lambda scope: scope.context.record("User", scope.user_id))
            case "$profile", [_]:
                return self._field(name, "Profile", rest, _profile)
            case "$userrole", [_]:
                return self._field(name, "UserRole", rest, _role)
            case "$organization", [_]:
                return self._field(name, "Organization", rest, _organization)
        if first.startswith("$"):
            raise _unknown(name)
        return self._field(name, self.definition.name, [first, *rest], lambda scope: scope.row)

    def _permission(self, name: str) -> Term:
        wanted = name.lower()
        if wanted not in self.custom_permissions:
            raise _unknown(f"$Permission.{name}")
        return Term("Boolean", lambda scope: wanted in scope.permissions(scope.user_id))

    def _field(self, whole: str, object_name: str, path: list[str], row: Row) -> Term:
        definition = self.find(object_name)
        if definition is None:
            raise _unknown(whole)
        *way, last = path
        for step in way:
            lookup = _lookup(definition, step)
            target = self.find(lookup.reference_to[0]) if lookup else None
            if lookup is None or target is None:
                raise _unknown(whole)
            self.used.add(f"{definition.name}.{lookup.name}")
            row, definition = _parent(row, lookup, target.name), target
        found = definition.find(last)
        if found is None:
            raise _unknown(whole)
        self.used.add(f"{definition.name}.{found.name}")
        if found.formula:
            inner = self.nested(definition, found)
            return Term(inner.kind, lambda scope: inner.run(replace(scope, row=row(scope), old={})), name=found.name)
        read = _with_zero(reader(found)) if self.blank_as_zero and kind_of(found) == "Number" else reader(found)
        own = not way and not whole.startswith("$")
        prior = (lambda scope: read(scope.old)) if own else None
        return Term(kind_of(found), lambda scope: read(row(scope)), prior, name=found.name)


def _with_zero(read: Callable[[Stored], Value]) -> Callable[[Stored], Value]:
    def read_number(row: Stored) -> Value:
        value = read(row)
        return Decimal(0) if value is None else value

    return read_number


def _unknown(name: str) -> FormulaError:
    return FormulaError(f"Field {name} does not exist. Check spelling.")


def _lookup(definition: ObjectDef, relationship: str) -> FieldDef | None:
    wanted = relationship.lower()
    return next((f for f in definition.fields.values() if f.relationship_name.lower() == wanted), None)


def _parent(row: Row, lookup: FieldDef, target: str) -> Row:
    return lambda scope: scope.context.record(target, row(scope).get(lookup.name))


def _profile(scope: Scope) -> Stored:
    return scope.context.record("Profile", scope.context.record("User", scope.user_id).get("ProfileId"))


def _role(scope: Scope) -> Stored:
    return scope.context.record("UserRole", scope.context.record("User", scope.user_id).get("UserRoleId"))


def _organization(scope: Scope) -> Stored:
    rows = scope.context.store.all_rows(scope.context.definitions.get("Organization"))
    return rows[0] if rows else {}
