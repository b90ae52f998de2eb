"""Object types as schemas: what properties and associations each has. A portal here has no custom objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.sandbox.hubspot_api.calls import Call, Entry, Reply
from connectors.sandbox.hubspot_api.properties import shown_property
from connectors.sandbox.portal.moments import to_text
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.standard import OBJECT_TYPES


@dataclass(frozen=True)
class Schemas:
    """Schemas of one portal."""

    portal: Portal

    def entries(self) -> list[Entry]:
        return [
            ("GET", r"schemas", "", self.page),
            ("GET", r"schemas/([\w-]+)", "{0}.read", self.get),
        ]

    def page(self, call: Call) -> Reply:
        """Custom objects only, as HubSpot lists them: standard ones are asked for by name."""
        return Reply({"results": []})

    def get(self, call: Call) -> Reply:
        kind = call.kind()
        # unverified: the schema of a standard object has its type id as id and its name in capitals as full name.
        properties = [each for each in self.portal.definitions.properties(kind).values() if not each.archived]
        return Reply(
            {
                "id": kind.type_id, "objectTypeId": kind.type_id, "name": kind.singular.upper(),
                "fullyQualifiedName": kind.singular.upper(),
                "labels": {"singular": kind.label, "plural": kind.label_plural},
                "primaryDisplayProperty": kind.title, "secondaryDisplayProperties": [], "requiredProperties": [],
                "searchableProperties": list(kind.searched), "archived": False, "allowsSensitiveProperties": False,
                "createdAt": to_text(self.portal.admin.created), "updatedAt": to_text(self.portal.admin.created),
                "properties": [shown_property(each) for each in properties],
                "associations": self._associations(call),
            }
        )  # fmt: skip

    def _associations(self, call: Call) -> list[dict[str, Any]]:
        kind = call.kind()
        return [
            {
                "id": str(each.number), "fromObjectTypeId": kind.type_id, "toObjectTypeId": other.type_id,
                "name": each.name,
            }
            for other in OBJECT_TYPES.values()
            for each in self.portal.associations.types.between(kind, other)
        ]  # fmt: skip
