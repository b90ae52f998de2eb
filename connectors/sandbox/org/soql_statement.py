"""A parsed query -> one SQL statement, and the layout by which its rows become records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from connectors.sandbox.org.definitions import Definitions
from connectors.sandbox.org.outcomes import QueryError
from connectors.sandbox.org.schema import ObjectDef
from connectors.sandbox.org.soql_names import Joined, Source
from connectors.sandbox.org.soql_parser import refuse
from connectors.sandbox.org.soql_terms import AGGREGATES, Term, term
from connectors.sandbox.org.soql_tree import Call, Expression, Path, Place, Query, Selected
from connectors.sandbox.org.soql_where import Where

_MOST_FIELDS = 200  # rows of FIELDS(ALL) and FIELDS(CUSTOM)
_MOST_OFFSET = 2000
Show = Callable[[Any], Any]


@dataclass
class Node:
    """A record in the making: which column holds which value. `id_at` and `type_at` are columns, too."""

    id_at: int
    type_at: int
    values: dict[str, tuple[int, Show | None]] = field(default_factory=dict)
    related: dict[str, Node] = field(default_factory=dict)


@dataclass(frozen=True)
class Children:
    """A subquery in the select list: `query` has the children's object as entity, `lookup` leads to the parent."""

    key: str
    query: Query
    definition: ObjectDef
    lookup: str


@dataclass
class Statement:
    """SQL with its parameters, and how to read its rows.

    Attributes:
        groups: key, column and presentation of each value of an aggregate result; else None.
        counting: the query is SELECT COUNT().
    """

    definition: ObjectDef
    sql: str
    parameters: list[Any]
    layout: Node
    children: tuple[Children, ...] = ()
    groups: tuple[tuple[str, int, Show | None], ...] | None = None
    counting: bool = False


@dataclass
class Compiler:
    """Compiles one query and the semi-joins in it. Raises QueryError."""

    soql: str
    definitions: Definitions
    today: date
    hidden: frozenset[str] = frozenset()
    include_deleted: bool = False
    _semi_joins: int = 0

    def statement(self, query: Query) -> Statement:
        source = self._source(query, self._definition(query), "t")
        return _Draft(self, query, source).statement()

    def children_of(self, parent: Children, ids_sql: str) -> Statement:
        """The subquery's statement for the parents whose ids `ids_sql` selects; column 2 is the parent's id."""
        source = self._source(parent.query, parent.definition, "t")
        return _Draft(self, parent.query, source, (parent.lookup, ids_sql)).statement()

    def _definition(self, query: Query) -> ObjectDef:
        found = self.definitions.find(query.entity)
        if found is None or f"{found.name}.*" in self.hidden:
            raise refuse(
                self.soql,
                query.place,
                f"sObject type '{query.entity}' is not supported. If you are attempting to use a custom object, be "
                "sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for "
                "the appropriate names.",
                "INVALID_TYPE",
            )
        return found

    def _source(self, query: Query, definition: ObjectDef, prefix: str) -> Source:
        return Source(self.soql, self.definitions, definition, query.alias, self.today, self.hidden, prefix)

    def semi_join(self, query: Query, parameters: list[Any]) -> str:
        """The ids a sub-select yields."""
        self._semi_joins += 1
        source = self._source(query, self._definition(query), f"s{self._semi_joins}_")
        chosen = query.selected[0].expression
        if len(query.selected) != 1 or not isinstance(chosen, Path):
            raise refuse(self.soql, query.place, "A semi-join selects exactly one field")
        found = source.column(chosen)
        if found.field.type not in {"id", "reference"}:
            raise refuse(self.soql, chosen.place, f"A semi-join selects an id or a reference, not {chosen}")
        conditions, bound = self.conditions(query, source)
        parameters.extend(bound)
        return f"SELECT {found.sql} FROM {source.from_sql()} WHERE {conditions}"

    def conditions(self, query: Query, source: Source) -> tuple[str, list[Any]]:
        """What rows have to fulfil, as SQL with its parameters. Compile it before `source.from_sql()` is read."""
        where = Where(source, self.semi_join)
        parts = ["1"]
        if "IsDeleted" in source.definition.fields and not self.include_deleted:
            parts.append(f"{source.prefix}0.IsDeleted = 0")
        if query.where is not None:
            parts.append(where.sql(query.where))
        return " AND ".join(parts), where.parameters

    def refuse(self, place: Place, text: str, code: str = "MALFORMED_QUERY") -> QueryError:
        return refuse(self.soql, place, text, code)


class _Draft:
    """One statement while its select list is laid out."""

    def __init__(
        self, compiler: Compiler, query: Query, source: Source, parents: tuple[str, str] | None = None
    ) -> None:
        self._compiler = compiler
        self._query = query
        self._source = source
        self._columns: list[str] = []
        self._parents = parents

    def statement(self) -> Statement:
        query = self._query
        if _is_count(query):
            return self._count()
        aggregated = bool(query.group_by) or any(_aggregates(item.expression) for item in query.selected)
        layout, children, groups = Node(0, 1), tuple[Children, ...](), None
        if aggregated:
            groups = self._groups()
        else:
            layout, children = self._layout()
        conditions, parameters = self._conditions()
        tail = self._group_sql(parameters) if aggregated else ""
        order = self._order_sql(aggregated)
        sql = f"SELECT {', '.join(self._columns)} FROM {self._source.from_sql()} WHERE {conditions}{tail}{order}"
        # The children of many parents come in one statement, so their limit is applied for each parent later.
        limit = "" if self._parents else self._limit_sql()
        return Statement(self._source.definition, sql + limit, parameters, layout, children, groups)

    def _conditions(self) -> tuple[str, list[Any]]:
        conditions, parameters = self._compiler.conditions(self._query, self._source)
        if self._parents:
            lookup, ids_sql = self._parents
            conditions += f' AND {self._source.prefix}0."{lookup}" IN ({ids_sql})'
        return conditions, parameters

    def _count(self) -> Statement:
        conditions, parameters = self._conditions()
        inner = f"SELECT 1 FROM {self._source.from_sql()} WHERE {conditions}{self._limit_sql()}"
        sql = f"SELECT count(*) FROM ({inner})"
        return Statement(self._source.definition, sql, parameters, Node(0, 0), counting=True)

    # --- select list ---------------------------------------------------------------------------

    def _add(self, sql: str) -> int:
        self._columns.append(sql)
        return len(self._columns) - 1

    def _layout(self) -> tuple[Node, tuple[Children, ...]]:
        root = self._source.root
        layout = Node(self._add(root.id_sql), self._add(root.type_sql))
        if self._parents:
            self._add(f'{self._source.prefix}0."{self._parents[0]}"')
        children = []
        for item in self._expanded():
            if isinstance(item.expression, Query):
                children.append(self._children(item.expression))
                continue
            found = term(self._source, item.expression)
            *way, last = found.keys
            node = self._node(layout, tuple(way))
            key = item.alias or last
            if key in node.values:
                raise self._compiler.refuse(item.expression.place, f"duplicate field selected: {'.'.join(found.keys)}")
            node.values[key] = (self._add(found.sql), found.show)
        return layout, tuple(children)

    def _node(self, layout: Node, way: tuple[str, ...]) -> Node:
        for depth, name in enumerate(way, 1):
            if name not in layout.related:
                joined: Joined = self._source.joins[way[:depth]]
                layout.related[name] = Node(self._add(joined.id_sql), self._add(joined.type_sql))
            layout = layout.related[name]
        return layout

    def _expanded(self) -> list[Selected]:
        """The select list with FIELDS(...) written out."""
        items: list[Selected] = []
        for item in self._query.selected:
            call = item.expression
            if isinstance(call, Call) and call.name == "FIELDS":
                items += [Selected(Path((name,), call.place)) for name in self._fields(call)]
            else:
                items.append(item)
        return items

    def _fields(self, call: Call) -> list[str]:
        which = str(call.argument).upper()
        if which not in {"ALL", "STANDARD", "CUSTOM"}:
            raise self._compiler.refuse(call.place, f"Invalid FIELDS() argument: {call.argument}")
        unbounded = self._query.limit is None or self._query.limit > _MOST_FIELDS
        if which != "STANDARD" and unbounded:
            raise self._compiler.refuse(
                call.place, f"The SOQL FIELDS function must have a LIMIT of at most {_MOST_FIELDS}"
            )
        definition = self._source.definition
        return [
            item.name
            for item in definition.fields.values()
            if which in ("ALL", "CUSTOM" if item.custom else "STANDARD")
            and f"{definition.name}.{item.name}" not in self._source.hidden
        ]

    def _children(self, query: Query) -> Children:
        definition = self._source.definition
        for child, lookup in self._compiler.definitions.children(definition.name):
            name = f"{lookup.child_relationship}__r" if lookup.custom else lookup.child_relationship
            if lookup.child_relationship and name.lower() == query.entity.lower():
                return Children(name, query, child, lookup.name)
        raise self._compiler.refuse(
            query.place,
            f"Didn't understand relationship '{query.entity}' in FROM part of query call. If you are attempting to "
            "use a custom relationship, be sure to append the '__r' after the custom relationship name. Please "
            "reference your WSDL or the describe call for the appropriate names.",
            "INVALID_TYPE",
        )

    # --- aggregates ----------------------------------------------------------------------------

    def _groups(self) -> tuple[tuple[str, int, Show | None], ...]:
        grouped = {term(self._source, expression).sql for expression in self._query.group_by}
        unnamed = 0
        groups = []
        for item in self._query.selected:
            if isinstance(item.expression, Query):
                raise self._compiler.refuse(item.expression.place, "Grouped query cannot use child relationships")
            found = term(self._source, item.expression)
            if not found.aggregate and found.sql not in grouped:
                raise self._compiler.refuse(
                    item.expression.place, f"Field must be grouped or aggregated: {_name(item.expression)}"
                )
            key = item.alias
            if not key and isinstance(item.expression, Path):
                key = found.keys[-1]
            if not key:
                key, unnamed = f"expr{unnamed}", unnamed + 1
            groups.append((key, self._add(found.sql), found.show))
        return tuple(groups)

    def _group_sql(self, parameters: list[Any]) -> str:
        terms = [term(self._source, expression) for expression in self._query.group_by]
        for expression, found in zip(self._query.group_by, terms, strict=True):
            if found.aggregate or found.field.is_long_text:
                raise self._compiler.refuse(expression.place, f"field '{expression}' can not be grouped")
        sql = f" GROUP BY {', '.join(found.sql for found in terms)}" if terms else ""
        if self._query.having is not None:
            having = Where(self._source, self._compiler.semi_join)
            sql += f" HAVING {having.sql(self._query.having)}"
            parameters.extend(having.parameters)
        return sql

    # --- order and limits ----------------------------------------------------------------------

    def _order_sql(self, aggregated: bool) -> str:
        parts = []
        for order in self._query.order_by:
            found: Term = term(self._source, order.expression)
            if found.aggregate and not aggregated:
                raise self._compiler.refuse(order.expression.place, "Only grouped queries sort by aggregates")
            if found.field.is_long_text:
                raise self._compiler.refuse(
                    order.expression.place, f"field '{_name(order.expression)}' can not be sorted in a query call"
                )
            direction = " DESC" if order.descending else ""
            parts.append(f"{found.sql}{direction} NULLS {'LAST' if order.nulls_last else 'FIRST'}")
        return f" ORDER BY {', '.join(parts)}" if parts else ""

    def _limit_sql(self) -> str:
        if self._query.offset > _MOST_OFFSET:
            raise QueryError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {_MOST_OFFSET}")
        if self._query.limit is None and not self._query.offset:
            return ""
        limit = -1 if self._query.limit is None else self._query.limit
        return f" LIMIT {limit} OFFSET {self._query.offset}"


def _is_count(query: Query) -> bool:
    """SELECT COUNT() and nothing else."""
    only = query.selected[0]
    call = only.expression
    return (
        len(query.selected) == 1
        and isinstance(call, Call)
        and call.name == "COUNT"
        and call.argument is None
        and not query.group_by
    )


def _aggregates(expression: Expression | Query) -> bool:
    if not isinstance(expression, Call):
        return False
    return expression.name in AGGREGATES or (expression.argument is not None and _aggregates(expression.argument))


def _name(expression: Expression) -> str:
    return expression.name if isinstance(expression, Call) else str(expression)


def nested(row: Sequence[Any], node: Node, attributes: Callable[[str, str], dict[str, str]]) -> dict[str, Any] | None:
    """The record in a row, with the records it refers to; None where there is none."""
    record_id = row[node.id_at]
    if record_id is None:
        return None
    record: dict[str, Any] = {"attributes": attributes(row[node.type_at], record_id)}
    for key, (at, show) in node.values.items():
        value = row[at]
        record[key] = show(value) if show is not None and value is not None else value
    for key, inner in node.related.items():
        record[key] = nested(row, inner, attributes)
    return record
