"""Records reached from another one: `sobjects/Account/001.../Owner` for a parent, `.../Contacts` for children."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.sandbox.org import ids
from connectors.sandbox.org.org import Org
from connectors.sandbox.org.queries import QueryOptions
from connectors.sandbox.org.schema import FieldDef, ObjectDef
from connectors.sandbox.salesforce_api.calls import MISSING, ApiError, Call, Entry, Reply
from connectors.sandbox.salesforce_api.query import result_of
from connectors.sandbox.salesforce_api.sobjects import known_object, names_in


@dataclass(frozen=True)
class Relationships:
    """Reading over the relationships of one org."""

    org: Org

    def entries(self) -> list[Entry]:
        return [(("GET",), r"sobjects/(\w+)/(\w{15}|\w{18})/(\w+)", self.read)]

    def read(self, call: Call) -> Reply:
        definition = known_object(self.org, call.parts[0], call.user_id)
        record_id, name = ids.normalize(call.parts[1]) or "", call.parts[2]
        if not record_id.startswith(definition.key_prefix) or not self.org.store.fetch(definition, [record_id]):
            raise ApiError("NOT_FOUND", MISSING)
        parent = next((f for f in definition.fields.values() if f.relationship_name.lower() == name.lower()), None)
        if parent is not None:
            return self._parent(call, definition, record_id, parent)
        for child in self.org.objects().values():
            for field in child.fields.values():
                if definition.name in field.reference_to and (child_name(field) or "").lower() == name.lower():
                    return self._children(call, child, field, record_id)
        raise ApiError("NOT_FOUND", MISSING)

    def _parent(self, call: Call, definition: ObjectDef, record_id: str, lookup: FieldDef) -> Reply:
        soql = f"SELECT {lookup.name} FROM {definition.name} WHERE Id = '{record_id}'"
        row = self.org.queries.run(soql, self._options(call)).records
        found = row[0][lookup.name] if row else None
        kinds = [
            each for each in map(self.org.object, lookup.reference_to) if (found or "").startswith(each.key_prefix)
        ]
        if not found or not kinds:
            raise ApiError("NOT_FOUND", MISSING)
        target = known_object(self.org, kinds[0].name, call.user_id)
        records = self.org.queries.run(self._select(call, target, f"Id = '{found}'"), self._options(call)).records
        return Reply(records[0])

    def _children(self, call: Call, child: ObjectDef, lookup: FieldDef, record_id: str) -> Reply:
        known_object(self.org, child.name, call.user_id)
        soql = self._select(call, child, f"{lookup.name} = '{record_id}'")
        return Reply(result_of(call, self.org.queries.run(soql, self._options(call))))

    def _select(self, call: Call, definition: ObjectDef, condition: str) -> str:
        hidden = self.org.access.hidden(call.user_id)
        every = [name for name in definition.fields if f"{definition.name}.{name}" not in hidden]
        return f"SELECT {', '.join(names_in(call) or every)} FROM {definition.name} WHERE {condition}"

    def _options(self, call: Call) -> QueryOptions:
        return QueryOptions(hidden=self.org.access.hidden(call.user_id), version=call.version)


def child_name(field: FieldDef) -> str | None:
    """What the children of this lookup are called at their parent; None if they are not called anything."""
    if not field.child_relationship:
        return None
    return f"{field.child_relationship}__r" if field.custom else field.child_relationship
