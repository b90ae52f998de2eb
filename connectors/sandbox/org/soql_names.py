"""Names in a query -> columns: fields through relationships become joins.

A reference to several objects (Task.What, Case.Owner) leads to the pseudo-object `Name`, which has only the few
fields that all of them share.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from connectors.sandbox.org.definitions import Definitions
from connectors.sandbox.org.outcomes import QueryError
from connectors.sandbox.org.records import column, table
from connectors.sandbox.org.schema import FieldDef, ObjectDef
from connectors.sandbox.org.soql_parser import refuse
from connectors.sandbox.org.soql_tree import Path, Place

_DEEPEST = 5
_NAME_FIELDS = [
    "Id",
    "Name",
    "Type",
    "Alias",
    "Email",
    "FirstName",
    "LastName",
    "IsActive",
    "Phone",
    "ProfileId",
    "Title",
    "UserRoleId",
    "Username",
    "RecordTypeId",
]
_ADVICE = "Please reference your WSDL or the describe call for the appropriate names."


@dataclass(frozen=True)
class Column:
    """A field as SQL. `keys` are the names from the query's object down to the field, in their true case."""

    sql: str
    field: FieldDef
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Joined:
    """The table (or, through a polymorphic reference, tables) that a relationship leads to."""

    targets: tuple[tuple[ObjectDef, str], ...]
    polymorphic: bool
    keys: tuple[str, ...] = ()

    @property
    def id_sql(self) -> str:
        return _first_known([f"{alias}.Id" for _, alias in self.targets])

    @property
    def type_sql(self) -> str:
        """SQL for the object's name."""
        if len(self.targets) == 1:
            return f"'{self.targets[0][0].name}'"
        cases = " ".join(f"WHEN {alias}.Id IS NOT NULL THEN '{target.name}'" for target, alias in self.targets)
        return f"CASE {cases} END"


def _first_known(expressions: list[str]) -> str:
    return expressions[0] if len(expressions) == 1 else f"COALESCE({', '.join(expressions)})"


@dataclass
class Source:
    """What one statement reads: the object, joined relationships, and where to complain.

    Attributes:
        hidden: fields (Object.Field) and objects (Object.*) that do not exist for this user.
    """

    soql: str
    definitions: Definitions
    definition: ObjectDef
    alias: str
    today: date
    hidden: frozenset[str] = frozenset()
    prefix: str = "t"
    joins: dict[tuple[str, ...], Joined] = field(default_factory=dict)
    clauses: list[str] = field(default_factory=list)

    @property
    def root(self) -> Joined:
        return Joined(((self.definition, f"{self.prefix}0"),), False)

    def from_sql(self) -> str:
        return " ".join([f"{table(self.definition.name)} {self.prefix}0", *self.clauses])

    def refuse(self, place: Place, text: str, code: str = "INVALID_FIELD") -> QueryError:
        return refuse(self.soql, place, text, code)

    def column(self, path: Path) -> Column:
        """Raises QueryError for a relationship or field that is not there."""
        names = path.names
        if len(names) > 1 and names[0].lower() in {self.alias.lower(), self.definition.name.lower()}:
            known = self._lookup(self.root, names[0])
            names = names if known else names[1:]
        if len(names) > _DEEPEST + 1:
            raise self.refuse(path.place, f"maximum relationship depth of {_DEEPEST} exceeded: {path}")
        joined = self.root
        for name in names[:-1]:
            joined = self._join(joined, name, path)
        return self._leaf(joined, names[-1], path)

    def _leaf(self, joined: Joined, name: str, path: Path) -> Column:
        if joined.polymorphic:
            return self._name_leaf(joined, name, path)
        definition, alias = joined.targets[0]
        found = definition.find(name)
        if found is None or f"{definition.name}.{found.name}" in self.hidden:
            raise self._no_column(path, name, definition.name)
        sql = f"{alias}.{column(found.name)}"
        if found.formula:
            sql = f"(calculate('{definition.name}.{found.name}', {alias}.Id) COLLATE NOCASE)"
        return Column(sql, found, (*joined.keys, found.name))

    def _name_leaf(self, joined: Joined, name: str, path: Path) -> Column:
        known = next((item for item in _NAME_FIELDS if item.lower() == name.lower()), None)
        if known == "Type":
            kind = FieldDef("Type", "Type", "string", length=50)
            return Column(joined.type_sql, kind, (*joined.keys, "Type"))
        wanted = known or ""
        having = [
            (definition.fields[actual], f"{alias}.{column(actual)}")
            for definition, alias in joined.targets
            if (actual := (definition.name_field if wanted == "Name" else wanted)) in definition.fields
        ]
        if known is None or not having:
            raise self._no_column(path, name, "Name")
        return Column(_first_known([sql for _, sql in having]), having[0][0], (*joined.keys, known))

    def _no_column(self, path: Path, name: str, entity: str) -> QueryError:
        return self.refuse(
            path.place,
            f"No such column '{name}' on entity '{entity}'. If you are attempting to use a custom field, be sure to "
            f"append the '__c' after the custom field name. {_ADVICE}",
        )

    def _lookup(self, joined: Joined, name: str) -> FieldDef | None:
        if joined.polymorphic:
            return None
        definition = joined.targets[0][0]
        return next(
            (
                item
                for item in definition.fields.values()
                if item.relationship_name.lower() == name.lower()
                and f"{definition.name}.{item.name}" not in self.hidden
                and not all(f"{target}.*" in self.hidden for target in item.reference_to)
            ),
            None,
        )

    def _join(self, joined: Joined, name: str, path: Path) -> Joined:
        lookup = self._lookup(joined, name)
        if lookup is None or not name:
            raise self.refuse(
                path.place,
                f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
                f"relationship, be sure to append the '__r' after the custom relationship name. {_ADVICE}",
            )
        keys = (*joined.keys, lookup.relationship_name)
        if keys not in self.joins:
            parent = f"{joined.targets[0][1]}.{column(lookup.name)}"
            targets = []
            for target in lookup.reference_to:
                definition = self.definitions.get(target)
                alias = f"{self.prefix}{len(self.clauses) + 1}"
                self.clauses.append(f"LEFT JOIN {table(target)} {alias} ON {alias}.Id = {parent}")
                targets.append((definition, alias))
            self.joins[keys] = Joined(tuple(targets), lookup.is_polymorphic, keys)
        return self.joins[keys]
