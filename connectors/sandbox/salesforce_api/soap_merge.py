"""The call `merge()` of the SOAP API: up to two records go into a master, whose fields it may set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.sandbox.org import ids
from connectors.sandbox.org.org import Org, OrgError, RowError, SchemaError, WriteOptions
from connectors.sandbox.salesforce_api.soap import SoapCall, SoapFault
from connectors.sandbox.salesforce_api.xmltree import Node, branch, leaf

#: Objects whose records can be merged.
MERGEABLE = ("Account", "Case", "Contact", "Lead")
MOST_LOSERS = 2


def merge(org: Org, call: SoapCall, user_id: str) -> Iterator[Node]:
    """One result per request. Raises SoapFault for an object that cannot be merged."""
    for request in call.arguments.all("request"):
        master = request.child("masterRecord") or Node("masterRecord")
        kind = master.get("type") or master.type
        try:
            definition = org.object(kind)
        except SchemaError as refusal:
            raise SoapFault(refusal.code, refusal.message) from None
        if definition.name not in MERGEABLE:
            raise SoapFault("INVALID_TYPE", f"merge is not supported for {definition.name}")
        losers = [ids.normalize(node.text) or "" for node in request.all("recordToMergeIds")]
        master_id = ids.normalize(master.get("Id")) or ""
        yield _merged(org, definition.name, master, master_id, losers, user_id)


def _merged(org: Org, object_name: str, master: Node, master_id: str, losers: list[str], user_id: str) -> Node:
    if not 0 < len(losers) <= MOST_LOSERS or master_id in losers:
        error = RowError("INVALID_ARGUMENT_TYPE", f"A merge takes 1 to {MOST_LOSERS} other records")
        return _result(master_id, errors=[error])
    options = WriteOptions(user_id=user_id, secured=True)
    values: dict[str, object] = {
        child.name: child.text for child in master.children if child.name not in ("type", "Id", "fieldsToNull")
    }
    values |= {child.text: None for child in master.all("fieldsToNull")}
    try:
        with org.store.writing():
            # Even without values: the master must be a record that the user may change.
            (outcome,) = org.update(object_name, [{**values, "Id": master_id}], options=options)
            if outcome.success:
                org.merge(object_name, master_id, losers)
    except OrgError as refusal:
        return _result(master_id, errors=[RowError(refusal.code, refusal.message)])
    return _result(master_id, () if outcome.errors else losers, outcome.errors)


def _result(master_id: str, merged: Iterable[str] = (), errors: Iterable[RowError] = ()) -> Node:
    shown = [
        branch("errors", *(leaf("fields", name) for name in error.fields), leaf("message", error.message),
               leaf("statusCode", error.status_code))
        for error in errors
    ]  # fmt: skip
    merged_nodes = [leaf("mergedRecordIds", record_id) for record_id in merged]
    return branch("result", *shown, leaf("id", master_id), *merged_nodes, leaf("success", not shown))
