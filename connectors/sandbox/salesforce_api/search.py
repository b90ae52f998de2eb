"""The resources `search` (SOSL) and `parameterizedSearch`: words looked for in all text of the records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from connectors.sandbox.org.access import is_business
from connectors.sandbox.org.org import Org, SchemaError
from connectors.sandbox.org.queries import QueryOptions
from connectors.sandbox.org.schema import TEXT_TYPES, ObjectDef
from connectors.sandbox.salesforce_api import sosl
from connectors.sandbox.salesforce_api.calls import ApiError, Call, Entry, Reply
from connectors.sandbox.salesforce_api.sosl import MOST_FOUND, Search, Terms, Wanted

#: From this version on the records come in an object, before as a list.
_WRAPPED = 37.0


@dataclass(frozen=True)
class SearchResource:
    """Searches of one org. Nothing is indexed, so what was just written is found at once."""

    org: Org

    def entries(self) -> list[Entry]:
        return [
            (("GET",), r"search", self.search),
            (("GET", "POST"), r"parameterizedSearch", self.by_parameters),
        ]

    def search(self, call: Call) -> Reply:
        return self._reply(call, sosl.parse(call.query.get("q", "")))

    def by_parameters(self, call: Call) -> Reply:
        return self._reply(call, _from_body(call.mapping()) if call.method == "POST" else _from_address(call.query))

    def _reply(self, call: Call, search: Search) -> Reply:
        records: list[dict[str, Any]] = []
        terms = Terms.of(search.term)
        if search.scope not in sosl.SCOPES:
            raise sosl.malformed(f"unexpected token: {search.scope}")
        for wanted in search.wanted or self._everywhere(call.user_id):
            if len(records) < search.limit:
                records += self._found(call, terms, search.scope, wanted)
        found = records[: search.limit]
        return Reply({"searchRecords": found} if float(call.version) >= _WRAPPED else found)

    def _everywhere(self, user_id: str) -> list[Wanted]:
        grants = self.org.access.grants(user_id)
        return [
            Wanted(name)
            for name, definition in self.org.objects().items()
            if (is_business(definition) or name == "User") and "allowRead" in grants.on(definition)
        ]

    def _found(self, call: Call, terms: Terms, scope: str, wanted: Wanted) -> list[dict[str, Any]]:
        try:
            definition = self.org.object(wanted.object)
        except SchemaError as error:
            raise ApiError("INVALID_TYPE", error.message) from None
        options = QueryOptions(page=None, hidden=self.org.access.hidden(call.user_id), version=call.version)
        matching = self._matching(definition, terms, scope, options)
        # Also without any: a field that is not there is an error all the same.
        listed = f"IN ({', '.join(map(repr, matching))})" if matching else "= null"
        clauses = [
            f"SELECT {', '.join(wanted.fields)} FROM {definition.name} WHERE Id {listed}",
            f"AND ({wanted.where})" if wanted.where else "",
            f"ORDER BY {wanted.order_by}" if wanted.order_by else "",
            f"LIMIT {min(wanted.limit, MOST_FOUND)} OFFSET {wanted.offset}",
        ]
        return self.org.queries.run(" ".join(filter(None, clauses)), options).records

    def _matching(self, definition: ObjectDef, terms: Terms, scope: str, options: QueryOptions) -> list[str]:
        """Ids of the records with the words in a field of the scope, at most MOST_FOUND."""
        names = [
            field.name
            for field in definition.fields.values()
            if field.type in TEXT_TYPES
            and not field.is_long_text
            and field.filterable
            and f"{definition.name}.{field.name}" not in options.hidden
            and (not sosl.SCOPES[scope] or ("name" if field.name == definition.name_field else field.type)
                 in sosl.SCOPES[scope])
        ]  # fmt: skip
        if not names:
            return []
        pieces = [_quoted(piece) for piece in terms.likely()]
        condition = " OR ".join(f"{name} LIKE '%{piece}%'" for name in names for piece in pieces)
        soql = f"SELECT {', '.join(dict.fromkeys(['Id', *names]))} FROM {definition.name} WHERE {condition}"
        rows = self.org.queries.run(soql, options).records
        fitting = (row["Id"] for row in rows if terms.fit("\n".join(str(row[name] or "") for name in names)))
        return [record_id for record_id, _ in zip(fitting, range(MOST_FOUND), strict=False)]


def _quoted(text: str) -> str:
    """For a pattern of LIKE between quotes."""
    for mark in ("\\", "'", "%", "_"):
        text = text.replace(mark, "\\" + mark)
    return text


def _from_address(given: Mapping[str, str]) -> Search:
    objects = []
    for name in filter(None, given.get("sobject", "").split(",")):
        own = {key.partition(".")[2]: value for key, value in given.items() if key.startswith(f"{name}.")}
        objects.append({"name": name, **own, "fields": _names(own.get("fields") or given.get("fields"))})
    return _from_body({**given, "sobjects": objects})


def _from_body(given: Mapping[str, Any]) -> Search:
    if not str(given.get("q") or "").strip():
        raise ApiError("MISSING_ARGUMENT", "The parameter q is required")
    objects = given.get("sobjects") or []
    if not isinstance(objects, list) or not all(isinstance(each, dict) and each.get("name") for each in objects):
        raise ApiError("JSON_PARSER_ERROR", "sobjects must be a list of objects with a name")
    plain = Wanted("", limit=_number(given, "defaultLimit", MOST_FOUND))
    wanted = [
        replace(
            plain, object=str(each["name"]), fields=tuple(_names(each.get("fields") or given.get("fields"))) or ("Id",),
            where=str(each.get("where") or ""), order_by=_order(each.get("orderBy")),
            limit=_number(each, "limit", plain.limit),
        )
        for each in objects
    ]  # fmt: skip
    scope = str(given.get("in") or "ALL").upper()
    return Search(str(given["q"]), scope, tuple(wanted), _number(given, "overallLimit", MOST_FOUND))


def _number(given: Mapping[str, Any], name: str, default: int) -> int:
    value = str(given.get(name) or default)
    if not value.isdigit():
        raise ApiError("INVALID_FIELD", f"{name} is not a number: {value}")
    return int(value)


def _names(given: object) -> list[str]:
    parts = given.split(",") if isinstance(given, str) else given if isinstance(given, list) else []
    return [str(part).strip() for part in parts]


def _order(given: object) -> str:
    """`orderBy` is a text or a list of {"field", "order", "nulls"}."""
    if not isinstance(given, list):
        return str(given or "")
    parts = [
        f"{each.get('field')} {each.get('order', '')} {'NULLS ' + each['nulls'] if each.get('nulls') else ''}".strip()
        for each in given
        if isinstance(each, dict)
    ]
    return ", ".join(parts)
