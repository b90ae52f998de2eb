"""Properties and their groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.hubspot_api.calls import Call, Entry, Reply, row_error
from connectors.sandbox.portal.moments import to_text
from connectors.sandbox.portal.outcomes import NOT_FOUND, VALIDATION, Problem, Refused, refused
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.schema import Group, ObjectType, Option, Property

#: What clients call the fields of a definition, and what they are here.
_FIELDS = {
    "label": "label", "type": "type", "fieldType": "field_type", "groupName": "group", "description": "description",
    "displayOrder": "order", "hidden": "hidden", "formField": "form_field", "externalOptions": "external",
}  # fmt: skip
_MOST_OPTIONS = 5000


@dataclass(frozen=True)
class Properties:
    """Definitions of one portal. Everybody with a token reads them; changing them needs the scope of the objects."""

    portal: Portal

    def entries(self) -> list[Entry]:
        of = r"properties/([\w-]+)"
        group = of + r"/groups/([^/]+)"
        one = of + r"/([^/]+)"
        return [
            ("GET", of, "{0}.read", self.page),
            ("POST", of, "{0}.write", self.create),
            ("GET", of + "/groups", "{0}.read", self.list_groups),
            ("POST", of + "/groups", "{0}.write", self.create_group),
            ("GET", group, "{0}.read", self.get_group),
            ("PATCH", group, "{0}.write", self.update_group),
            ("DELETE", group, "{0}.write", self.archive_group),
            ("POST", of + "/batch/read", "{0}.read", self.read_batch),
            ("POST", of + "/batch/create", "{0}.write", self.create_batch),
            ("POST", of + "/batch/archive", "{0}.write", self.archive_batch),
            ("GET", one, "{0}.read", self.get),
            ("PATCH", one, "{0}.write", self.update),
            ("DELETE", one, "{0}.write", self.archive),
        ]

    def page(self, call: Call) -> Reply:
        archived = call.flag("archived")
        found = self.portal.definitions.properties(call.kind()).values()
        return Reply({"results": [shown_property(each) for each in found if bool(each.archived) == archived]})

    def get(self, call: Call) -> Reply:
        kind, name = call.kind(), call.parts[1]
        found = self.portal.definitions.properties(kind).get(name)
        if found is None or bool(found.archived) != call.flag("archived"):
            raise refused(NOT_FOUND, f"Property {name} does not exist", propertyName=name)
        return Reply(shown_property(found))

    def create(self, call: Call) -> Reply:
        return Reply(shown_property(self._create(call.kind(), call.content())), 201)

    def update(self, call: Call) -> Reply:
        changes = _changes(call.content())
        return Reply(shown_property(self.portal.definitions.change_property(call.kind(), call.parts[1], **changes)))

    def archive(self, call: Call) -> Reply:
        self.portal.definitions.archive_property(call.kind(), call.parts[1])
        return Reply(status=204)

    def read_batch(self, call: Call) -> Reply:
        known, archived = self.portal.definitions.properties(call.kind()), call.content().get("archived") is True
        return self._each(call, lambda given: _existing(known, str(given.get("name", "")), archived=archived), 200)

    def create_batch(self, call: Call) -> Reply:
        return self._each(call, lambda given: self._create(call.kind(), given), 201)

    def archive_batch(self, call: Call) -> Reply:
        known = self.portal.definitions.properties(call.kind())
        for given in call.inputs():
            name = str(given.get("name", ""))
            if name in known and not known[name].archived:
                self.portal.definitions.archive_property(call.kind(), name)
        return Reply(status=204)

    def _create(self, kind: ObjectType, content: dict[str, Any]) -> Property:
        name = str(content.get("name") or "")
        missing = [each for each in ("name", "label", "type", "fieldType", "groupName") if not content.get(each)]
        if missing:
            raise refused(
                VALIDATION, f"Invalid input JSON: some required fields were not set: [{', '.join(missing)}]", name=name
            )
        changes = _changes(content)
        return self.portal.definitions.create_property(
            kind, Property(name, **{"unique": content.get("hasUniqueValue") is True, **changes})
        )

    def _each(self, call: Call, act: Callable[[dict[str, Any]], Property], status: int) -> Reply:
        """A batch with one outcome per input."""
        results: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for given in call.inputs():
            try:
                results.append(shown_property(act(given)))
            except Refused as error:
                errors.append(row_error(error.problem, [str(given.get("name", ""))]))
        now = to_text(self.portal.now())
        body = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
        return Reply({**body, "numErrors": len(errors), "errors": errors}, 207) if errors else Reply(body, status)

    # --- groups --------------------------------------------------------------------------------

    def list_groups(self, call: Call) -> Reply:
        return Reply({"results": [_shown_group(each) for each in self.portal.definitions.groups(call.kind()).values()]})

    def get_group(self, call: Call) -> Reply:
        return Reply(_shown_group(self.portal.definitions.group(call.kind(), call.parts[1])))

    def create_group(self, call: Call) -> Reply:
        content = call.content()
        group = Group(str(content.get("name") or ""), str(content.get("label") or ""), content.get("displayOrder", -1))
        return Reply(_shown_group(self.portal.definitions.save_group(call.kind(), group, create=True)), 201)

    def update_group(self, call: Call) -> Reply:
        kind, content = call.kind(), call.content()
        old = self.portal.definitions.group(kind, call.parts[1])
        group = Group(old.name, str(content.get("label") or old.label), content.get("displayOrder", old.order))
        return Reply(_shown_group(self.portal.definitions.save_group(kind, group, create=False)))

    def archive_group(self, call: Call) -> Reply:
        self.portal.definitions.delete_group(call.kind(), call.parts[1])
        return Reply(status=204)


def _existing(known: Mapping[str, Property], name: str, *, archived: bool) -> Property:
    found = known.get(name)
    if found is None or bool(found.archived) != archived:
        raise Refused(Problem(NOT_FOUND, f"Property {name} does not exist"))
    return found


def _changes(content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a definition that a body gives. Raises Refused."""
    changes = {ours: content[theirs] for theirs, ours in _FIELDS.items() if content.get(theirs) is not None}
    if content.get("options") is not None:
        changes["options"] = _options(content["options"])
    return changes


def _options(given: Any) -> tuple[Option, ...]:
    """All options of an enumeration: those that are not given again are gone. Raises Refused."""
    if not isinstance(given, list) or len(given) > _MOST_OPTIONS:
        raise refused(VALIDATION, f"options must be a list of at most {_MOST_OPTIONS} options.")
    for each in given:
        missing = [name for name in ("label", "value", "hidden") if each.get(name) is None]
        if missing:
            message = f"Invalid input JSON: some required fields of an option were not set: [{', '.join(missing)}]"
            raise refused(VALIDATION, message)
    return tuple(
        Option(
            str(each["value"]), str(each["label"]), bool(each["hidden"]), str(each.get("description") or ""),
            int(each.get("displayOrder", -1)),
        )
        for each in given
    )  # fmt: skip


def shown_property(prop: Property) -> dict[str, Any]:
    """A definition in the form of the API."""
    return {
        "name": prop.name, "label": prop.label, "type": prop.type, "fieldType": prop.field_type,
        "description": prop.description, "groupName": prop.group,
        "options": [
            {
                "label": each.label, "value": each.value, "description": each.description,
                "displayOrder": each.order, "hidden": each.hidden,
            }
            for each in prop.options
        ],
        "displayOrder": prop.order, "calculated": prop.calculated, "externalOptions": prop.external,
        "hasUniqueValue": prop.unique, "hidden": prop.hidden, "hubspotDefined": prop.hubspot,
        "modificationMetadata": {
            "archivable": not prop.hubspot, "readOnlyDefinition": prop.hubspot, "readOnlyValue": prop.read_only,
            **({"readOnlyOptions": prop.hubspot and not prop.open_options} if prop.type == "enumeration" else {}),
        },
        "formField": prop.form_field, "dataSensitivity": "non_sensitive", "archived": bool(prop.archived),
        "createdAt": to_text(prop.created), "updatedAt": to_text(prop.updated),
        **({"archivedAt": to_text(prop.archived)} if prop.archived else {}),
    }  # fmt: skip


def _shown_group(group: Group) -> dict[str, Any]:
    return {"name": group.name, "label": group.label, "displayOrder": group.order, "archived": False}
