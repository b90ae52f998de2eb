"""Queries over REST: the first page, and the next ones by locator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.org.org import Org
from connectors.sandbox.org.outcomes import QueryResult
from connectors.sandbox.org.queries import PAGE, QueryOptions, page_size
from connectors.sandbox.org.soql_parser import parse
from connectors.sandbox.org.soql_tree import Path
from connectors.sandbox.salesforce_api.calls import ApiError, Call, Entry, Reply
from connectors.sandbox.salesforce_api.own_permissions import own_permissions
from connectors.sandbox.salesforce_api.record_access import record_access
from connectors.sandbox.salesforce_api.sobjects import known_object
from connectors.sandbox.salesforce_api.tooling_query import query as tooling_query
from connectors.sandbox.salesforce_api.tooling_records import CustomFields

_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class QueryResource:
    """`query`, `queryAll` and the pages behind them."""

    org: Org

    def entries(self) -> list[Entry]:
        return [
            (("GET",), r"(query|queryAll)", self.first),
            (("GET",), r"(?:query|queryAll)/(\w+-\d+)", self.next),
        ]

    def first(self, call: Call) -> Reply:
        if "explain" in call.query:
            return Reply(self._explained(call, call.query["explain"]))
        soql = call.query.get("q", "")
        if not soql.strip():
            raise ApiError("MALFORMED_QUERY", "SOQL statement is empty")
        if call.query.get("columns", "").lower() == "true":
            return Reply(self._columns(call, soql))
        options = QueryOptions(
            include_deleted=call.parts[0].lower() == "queryall",
            page=_page(call),
            hidden=self.org.access.hidden(call.user_id),
            version=call.version,
        )
        self.org.objects()
        special = self.special(soql, call)
        if special is not None:
            return Reply(result_of(call, special))
        return Reply(result_of(call, self.org.queries.run(soql, options)))

    def special(self, soql: str, call: Call) -> QueryResult | None:
        """The result of a query of the objects that have no records of their own; None for other queries."""
        query, user_id = parse(soql), call.user_id
        if query.entity.lower() in ("entitydefinition", "fielddefinition"):
            return self._definitions(soql, call)
        if query.entity.lower() == "objectpermissions":
            self.org.access.show_profiles()
        if query.entity.lower() == "userrecordaccess":
            return record_access(self.org, query)
        return own_permissions(self.org, query, user_id) if query.entity.lower() == "userpermissionaccess" else None

    def _definitions(self, soql: str, call: Call) -> QueryResult:
        """Objects and fields can be asked for here as in the Tooling API."""
        told = tooling_query(self.org, CustomFields(self.org), soql, f"v{call.version}")
        for record in told["records"]:
            record["attributes"]["url"] = record["attributes"]["url"].replace("/tooling/", "/")
        return QueryResult(told["totalSize"], told["records"])

    def _explained(self, call: Call, soql: str) -> dict[str, Any]:
        """How the query is done: here always by looking at every record."""
        query = parse(soql)
        definition = known_object(self.org, query.entity, call.user_id)
        options = QueryOptions(page=None, hidden=self.org.access.hidden(call.user_id), version=call.version)
        found = self.org.queries.run(soql, options).total
        held = self.org.query(f"SELECT COUNT() FROM {definition.name}").total
        plan = {
            "cardinality": found, "fields": [], "leadingOperationType": "TableScan", "notes": [],
            "relativeCost": 1.0, "sobjectCardinality": held, "sobjectType": definition.name,
        }  # fmt: skip
        return {"plans": [plan], "sourceQuery": soql}

    def next(self, call: Call) -> Reply:
        """Clients repeat `?q=` on the locator's address; the locator alone counts."""
        return Reply(result_of(call, self.org.queries.more(call.parts[0])))

    def _columns(self, call: Call, soql: str) -> dict[str, Any]:
        """What the result's columns are, without running the query."""
        # unverified: the exact keys of `query?columns=true`.
        query = parse(soql)
        definition = self.org.object(query.entity)
        columns = []
        for item in query.selected:
            path = item.expression
            found = definition.find(path.names[-1]) if isinstance(path, Path) and len(path.names) == 1 else None
            name = item.alias or (str(path) if isinstance(path, Path) else "expr0")
            columns.append(
                {
                    "aggregate": not isinstance(path, Path),
                    "apexType": found.soap_type if found else "String",
                    "columnName": found.name if found else name,
                    "custom": bool(found and found.custom),
                    "displayName": found.label if found else name,
                    "joinColumns": [],
                }
            )
        return {"columnMetadata": columns, "entityName": definition.name, "keyPrefix": definition.key_prefix}


def _page(call: Call) -> int:
    match = _BATCH_SIZE.search(call.headers.get("sforce-query-options", ""))
    return page_size(int(match[1])) if match else PAGE


def result_of(call: Call, result: QueryResult) -> dict[str, Any]:
    """The body that tells a page of records."""
    body: dict[str, Any] = {"totalSize": result.total, "done": result.done, "records": result.records}
    if result.locator:
        body["nextRecordsUrl"] = f"{call.root}/query/{result.locator}"
    return body
