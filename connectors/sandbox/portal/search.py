"""Searches: filters, words and order of a request as SQL on the records of one type."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.sandbox.portal.moments import parse_day, parse_instant
from connectors.sandbox.portal.outcomes import VALIDATION, refused
from connectors.sandbox.portal.records import column
from connectors.sandbox.portal.schema import ObjectType, Property
from connectors.sandbox.portal.standard import object_type

if TYPE_CHECKING:
    from connectors.sandbox.portal.portal import Portal

_GROUPS, _IN_GROUP, _FILTERS = 5, 6, 18
_COMPARE = {"EQ": "=", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
_NUMERIC = re.compile(r"-?(\d+(\.\d*)?|\.\d+)\Z")
_ASSOCIATED = "associations."


@dataclass(frozen=True)
class Query:
    """A search as SQL: clauses about the table `t`, and their values."""

    where: str
    order: str
    values: tuple[Any, ...]

    @property
    def page(self) -> str:
        """The clauses for some of the records, in order."""
        # The plus keeps SQLite from the index on dates: in the order of the ids the table itself is faster.
        plus = "+" if self.order.startswith("ORDER BY t.id") else ""
        return f"WHERE {plus}t.archived = 0{self.where} {self.order}"

    @property
    def all(self) -> str:
        """The clauses for all of them."""
        return f"WHERE t.archived = 0{self.where}"


def compile_query(portal: Portal, kind: ObjectType, asked: Mapping[str, Any]) -> Query:
    """What a request body asks for. Raises Refused for filters that cannot be."""
    groups = [_list(each, "filters") for each in _list(asked, "filterGroups")]
    if asked.get("filters"):
        groups.append(_list(asked, "filters"))
    _check_size(groups)
    compiler = _Compiler(portal, kind)
    tests = [" AND ".join(compiler.test(each) for each in group) or "1" for group in groups]
    parts = [""]
    if tests:
        parts.append(f"({' OR '.join(f'({test})' for test in tests)})")
    if asked.get("query"):
        parts.append(compiler.words(str(asked["query"])))
    if lag := portal.setting("search_lag"):
        # What was created or changed just now is not found at all, where the service finds it as it was before.
        parts.append(f"t.updated <= {portal.now() - int(float(lag) * 1000)}")
    return Query(" AND ".join(parts), compiler.order(_list(asked, "sorts")), tuple(compiler.values))


def _list(asked: Mapping[str, Any], name: str) -> Sequence[Any]:
    found = asked.get(name) or []
    if not isinstance(found, list):
        raise refused(VALIDATION, f"Invalid input JSON: {name} must be a list")
    return found


def _check_size(groups: Sequence[Sequence[Any]]) -> None:
    if (
        len(groups) > _GROUPS
        or any(len(group) > _IN_GROUP for group in groups)
        or sum(len(group) for group in groups) > _FILTERS
    ):
        message = f"At most {_GROUPS} filter groups with {_IN_GROUP} filters each, {_FILTERS} in all, can be used."
        raise refused(VALIDATION, message)


class _Compiler:
    """Tests on one object type. `values` grow in the order of the question marks."""

    def __init__(self, portal: Portal, kind: ObjectType) -> None:
        self._portal = portal
        self._kind = kind
        self.values: list[Any] = []

    def test(self, asked: Any) -> str:
        if not isinstance(asked, dict) or not asked.get("propertyName") or not asked.get("operator"):
            raise refused(VALIDATION, "Invalid input JSON: a filter needs propertyName and operator")
        name, operator = str(asked["propertyName"]).lower(), str(asked["operator"])
        if name.startswith(_ASSOCIATED):
            return self._associated(name.removeprefix(_ASSOCIATED), asked)
        prop = self._property(name)
        if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
            return f"t.{column(self._kind, name)} IS {'NOT ' if operator == 'HAS_PROPERTY' else ''}NULL"
        if operator in ("IN", "NOT_IN"):
            return self._among(prop, operator, asked)
        if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
            self.values.append(_token_pattern(_value(asked, "value")))
            test = f"contains_token(t.{column(self._kind, name)}, ?)"
            return test if operator == "CONTAINS_TOKEN" else f"NOT {test}"
        if operator == "BETWEEN":
            self.values += [
                self._operand(prop, _value(asked, "value")),
                self._operand(prop, _value(asked, "highValue")),
            ]
            return f"{self._side(prop)} BETWEEN ? AND ?"
        if operator == "NEQ":
            # unverified: NEQ and NOT_IN find records that have another value, not those that have none.
            self.values.append(self._operand(prop, _value(asked, "value")))
            return f"{self._side(prop)} <> ?"
        if operator not in _COMPARE:
            raise refused(VALIDATION, f"Invalid operator '{operator}'.", operator=operator)
        self.values.append(self._operand(prop, _value(asked, "value")))
        return f"{self._side(prop)} {_COMPARE[operator]} ?"

    def _property(self, name: str) -> Property:
        found = self._portal.definitions.live(self._kind, name)
        if found is None:
            # unverified: the words in which a filter or an order by a property that does not exist is refused.
            raise refused(VALIDATION, f"There is no property {name} for {self._kind.name}.", propertyName=name)
        return found

    def _side(self, prop: Property) -> str:
        """The column as it is compared: numbers and instants as such, text without regard to case."""
        name = f"t.{column(self._kind, prop.name)}"
        if column(self._kind, prop.name) in ("id", "created", "updated", "user_id", "changed_by"):
            return name
        if prop.type == "number":
            return f"CAST({name} AS REAL)"
        return name if prop.type in ("date", "datetime") else f"lower({name})"

    def _operand(self, prop: Property, text: str) -> Any:
        """A value as it is compared. Raises Refused for one that the property cannot have."""
        found: Any = text.lower()
        if prop.type == "number":
            found = float(text) if _NUMERIC.match(text) else None
            if found is not None and found == int(found):
                found = int(text.partition(".")[0] or 0)
        elif prop.type == "datetime":
            found = parse_instant(text)
        elif prop.type == "date":
            instant = parse_instant(text)
            found = parse_day(text) or (parse_day(str(instant - instant % 86_400_000)) if instant is not None else None)
        if found is None:
            raise refused(VALIDATION, f"{text} is no value of the property {prop.name}.", propertyName=prop.name)
        return found

    def _among(self, prop: Property, operator: str, asked: Mapping[str, Any]) -> str:
        given = asked.get("values")
        if not isinstance(given, list) or not given:
            raise refused(VALIDATION, f"Operator {operator} needs values.", propertyName=prop.name)
        # Texts are compared with values in lower case: one that is not given so finds nothing.
        typed = prop.type in ("number", "date", "datetime")
        wanted = [self._operand(prop, str(each)) if typed else str(each) for each in given]
        if prop.type == "enumeration":
            wanted = [str(each).lower() for each in wanted]
        self.values.append(json.dumps(wanted))
        test = "NOT IN" if operator == "NOT_IN" else "IN"
        return f"{self._side(prop)} {test} (SELECT value FROM json_each(?))"

    def _associated(self, word: str, asked: Mapping[str, Any]) -> str:
        """Records that are associated with the ones named."""
        target = object_type(word)
        if target is None or asked["operator"] not in ("EQ", "IN"):
            raise refused(VALIDATION, f"Invalid filter {asked['propertyName']} {asked['operator']}.")
        given = asked.get("values") if asked["operator"] == "IN" else [asked.get("value")]
        ids = [int(str(each)) for each in given or [] if str(each).isdecimal()]
        self.values += [target.number, self._kind.number, json.dumps(ids)]
        return (
            "t.id IN (SELECT a.to_id FROM associations a WHERE a.from_type = ? AND a.to_type = ? "
            "AND a.from_id IN (SELECT value FROM json_each(?)))"
        )

    def words(self, text: str) -> str:
        """Records in which each of the words begins a word of a property that is searched."""
        tests = []
        for word in text.split():
            names = [name for name in self._kind.searched if self._portal.definitions.live(self._kind, name)]
            self.values += [rf"(?<!\w){re.escape(word)}"] * len(names)
            tests.append(" OR ".join(f"contains_token(t.{column(self._kind, name)}, ?)" for name in names))
        return " AND ".join(f"({test})" for test in tests) or "1"

    def order(self, sorts: Sequence[Any]) -> str:
        """One property at most; records that agree in it come in the order of their ids."""
        if len(sorts) > 1:
            raise refused(VALIDATION, "A search can be sorted by one property only.")
        if not sorts:
            return "ORDER BY t.id"
        asked = sorts[0]
        if isinstance(asked, dict):
            name, down = str(asked.get("propertyName", "")), asked.get("direction") == "DESCENDING"
        else:
            name, down = str(asked).removeprefix("-"), str(asked).startswith("-")
        side = self._side(self._property(name.lower()))
        if side == "t.id":
            return f"ORDER BY t.id{' DESC' if down else ''}"
        return f"ORDER BY {side}{' DESC' if down else ''}, t.id"


def _value(asked: Mapping[str, Any], name: str) -> str:
    found = asked.get(name)
    if found is None or found == "":
        raise refused(
            VALIDATION, f"Operator {asked['operator']} needs {name}.", propertyName=str(asked["propertyName"])
        )
    return str(found)


def _token_pattern(text: str) -> str:
    """A word, in which * stands for anything, as a pattern: it must be a whole word of the value."""
    inner = ".*".join(re.escape(part) for part in text.split("*"))
    start = "" if text.startswith("*") else r"(?<!\w)"
    return f"{start}{inner}" if text.endswith("*") else rf"{start}{inner}(?!\w)"
