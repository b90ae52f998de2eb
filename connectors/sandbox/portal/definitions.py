"""Properties, groups and pipelines of a portal: kept in its file, held in memory while nobody changed them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from connectors.sandbox.portal.outcomes import CONFLICT, NOT_FOUND, VALIDATION, refused
from connectors.sandbox.portal.records import Records
from connectors.sandbox.portal.schema import (
    FIELD_TYPES,
    NAME,
    PROPERTY_TYPES,
    Group,
    ObjectType,
    Option,
    Pipeline,
    Property,
    Stage,
)
from connectors.sandbox.portal.standard import GROUPS, OBJECT_TYPES, PIPELINES
from connectors.sandbox.portal.standard_properties import properties_of

_COUNTER = "schema"


class Definitions:
    """Everything that is defined, by object type. Changes are in force for all threads and processes at once."""

    def __init__(self, records: Records, now: Callable[[], int]) -> None:
        self._records = records
        self._now = now
        self._version = -1
        self._properties: dict[str, dict[str, Property]] = {}
        self._groups: dict[str, dict[str, Group]] = {}
        self._pipelines: dict[str, dict[str, Pipeline]] = {}

    def create_standard(self) -> None:
        """What a new portal comes with."""
        now = self._now()
        for kind in OBJECT_TYPES.values():
            properties = properties_of(kind)
            self._records.create_table(kind, properties.values())
            self._save("group", kind, GROUPS[kind.name].name, GROUPS[kind.name])
            for each in properties.values():
                self._save("property", kind, each.name, replace(each, created=now, updated=now))
            if kind.name in PIPELINES:
                self.save_pipeline(kind, PIPELINES[kind.name])

    def catch_up(self) -> None:
        """Standard properties that a portal of an earlier version lacks."""
        now = self._now()
        for kind in OBJECT_TYPES.values():
            for name, each in properties_of(kind).items():
                if name not in self.properties(kind):
                    self._records.add_column(kind, each)
                    self._save("property", kind, name, replace(each, created=now, updated=now))

    # --- properties ----------------------------------------------------------------------------

    def properties(self, kind: ObjectType) -> Mapping[str, Property]:
        """By name, archived ones included."""
        self._refresh()
        return self._properties[kind.name]

    def live(self, kind: ObjectType, name: str) -> Property | None:
        """The property of that name unless it is archived."""
        found = self.properties(kind).get(name)
        return found if found and not found.archived else None

    def create_property(self, kind: ObjectType, prop: Property) -> Property:
        """Raises Refused for a name in use and for definitions that cannot be."""
        old = self.properties(kind).get(prop.name)
        if old is not None and not old.archived:
            raise refused(CONFLICT, f"A property named '{prop.name}' already exists.", propertyName=prop.name)
        self._check(kind, prop)
        now = self._now()
        saved = replace(prop, created=now, updated=now, archived=0)
        with self._records.writing():
            # unverified: a property created under the name of an archived one begins without that one's values.
            if old is None:
                self._records.add_column(kind, saved)
            else:
                self._records.empty_column(kind, saved.name)
            self._save("property", kind, saved.name, saved)
        return saved

    def change_property(self, kind: ObjectType, name: str, **changes: Any) -> Property:
        """Whatever is given takes the place of what was, all options included. Raises Refused."""
        old = self._existing(kind, name)
        changed = replace(old, **changes)
        only_options = replace(changed, options=old.options) == old and old.open_options
        if old.hubspot and not only_options:
            raise refused(VALIDATION, f"Property '{name}' is defined by HubSpot and cannot be changed.")
        # unverified: the type of a property can be changed while its values stay as they are.
        self._check(kind, changed)
        saved = replace(changed, updated=self._now())
        self._save("property", kind, name, saved)
        return saved

    def archive_property(self, kind: ObjectType, name: str) -> None:
        """Takes it out of use. Raises Refused for one that comes with the portal; one that is gone is no error."""
        found = self.live(kind, name)
        if found is None:
            raise refused(NOT_FOUND, f"Property {name} does not exist", propertyName=name)
        if found.hubspot:
            raise refused(VALIDATION, f"Property '{name}' is defined by HubSpot and cannot be archived.")
        self._save("property", kind, name, replace(found, archived=self._now()))

    def _existing(self, kind: ObjectType, name: str) -> Property:
        found = self.live(kind, name)
        if found is None:
            raise refused(NOT_FOUND, f"Property {name} does not exist", propertyName=name)
        return found

    def _check(self, kind: ObjectType, prop: Property) -> None:
        if not NAME.match(prop.name):
            raise refused(
                VALIDATION, f"Property name '{prop.name}' must begin with a letter and have only a-z, 0-9 and _."
            )
        if prop.type not in PROPERTY_TYPES or prop.field_type not in FIELD_TYPES:
            raise refused(VALIDATION, f"'{prop.type}' with '{prop.field_type}' is no type of a property.")
        if not prop.label:
            raise refused(VALIDATION, f"Property '{prop.name}' needs a label.")
        if prop.group not in self.groups(kind):
            raise refused(VALIDATION, f"Property group '{prop.group}' does not exist.", groupName=prop.group)
        values = [option.value for option in prop.options]
        labels = [option.label for option in prop.options]
        for given, what in ((values, "value"), (labels, "label")):
            twice = next((each for each in given if given.count(each) > 1), None)
            if twice is not None:
                raise refused(VALIDATION, f"Property option {what}s must be unique, '{twice}' occurs twice.")

    # --- groups --------------------------------------------------------------------------------

    def groups(self, kind: ObjectType) -> Mapping[str, Group]:
        self._refresh()
        return self._groups[kind.name]

    def save_group(self, kind: ObjectType, group: Group, *, create: bool) -> Group:
        """Creates a group or changes one. Raises Refused."""
        if create and group.name in self.groups(kind):
            raise refused(CONFLICT, f"A property group named '{group.name}' already exists.", groupName=group.name)
        if not NAME.match(group.name) or not group.label:
            raise refused(VALIDATION, f"Property group '{group.name}' needs a plain name and a label.")
        self._save("group", kind, group.name, group)
        return group

    def group(self, kind: ObjectType, name: str) -> Group:
        found = self.groups(kind).get(name)
        if found is None:
            raise refused(NOT_FOUND, f"Property group {name} does not exist", groupName=name)
        return found

    def delete_group(self, kind: ObjectType, name: str) -> None:
        """Raises Refused for a group that still has properties."""
        self.group(kind, name)
        used = next(
            (each.name for each in self.properties(kind).values() if each.group == name and not each.archived), ""
        )
        if used or name == kind.group:
            raise refused(VALIDATION, f"Property group '{name}' still has properties, '{used}' among them.")
        self._delete("group", kind, name)

    # --- pipelines -----------------------------------------------------------------------------

    def pipelines(self, kind: ObjectType) -> Mapping[str, Pipeline]:
        self._refresh()
        return self._pipelines[kind.name]

    def pipeline(self, kind: ObjectType, key: str) -> Pipeline:
        found = self.pipelines(kind).get(key)
        if found is None:
            raise refused(NOT_FOUND, f"Pipeline {key} does not exist", pipelineId=key)
        return found

    def save_pipeline(self, kind: ObjectType, pipeline: Pipeline) -> Pipeline:
        """Creates or replaces a pipeline with its stages."""
        now = self._now()
        stages = tuple(replace(each, created=each.created or now, updated=now) for each in pipeline.stages)
        saved = replace(pipeline, stages=stages, created=pipeline.created or now, updated=now)
        self._save("pipeline", kind, saved.id, saved)
        return saved

    def delete_pipeline(self, kind: ObjectType, key: str) -> None:
        """Raises Refused for one that is not there, and for the last one."""
        self.pipeline(kind, key)
        if len(self.pipelines(kind)) == 1:
            raise refused(VALIDATION, f"{kind.label_plural} need a pipeline: {key} is the only one.", pipelineId=key)
        self._delete("pipeline", kind, key)

    # --- keeping -------------------------------------------------------------------------------

    def _save(self, what: str, kind: ObjectType, name: str, item: Property | Group | Pipeline) -> None:
        with self._records.writing() as connection:
            place = self._records.take_numbers(_COUNTER)
            connection.execute(
                "INSERT INTO definitions (kind, name, position, body) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (kind, name) DO UPDATE SET body = excluded.body",
                (what, f"{kind.name}.{name}", place, json.dumps(asdict(item))),
            )

    def _delete(self, what: str, kind: ObjectType, name: str) -> None:
        with self._records.writing() as connection:
            connection.execute("DELETE FROM definitions WHERE kind = ? AND name = ?", (what, f"{kind.name}.{name}"))
            self._records.take_numbers(_COUNTER)

    def _refresh(self) -> None:
        """Reads everything again if anybody, also another process, changed something."""
        connection = self._records.reader()
        row = connection.execute("SELECT value FROM counters WHERE name = ?", (_COUNTER,)).fetchone()
        version = row[0] if row else 0
        if version == self._version:
            return
        properties: dict[str, dict[str, Property]] = {name: {} for name in OBJECT_TYPES}
        groups: dict[str, dict[str, Group]] = {name: {} for name in OBJECT_TYPES}
        pipelines: dict[str, dict[str, Pipeline]] = {name: {} for name in OBJECT_TYPES}
        for what, full_name, text in connection.execute("SELECT kind, name, body FROM definitions ORDER BY position"):
            type_name, _, name = full_name.partition(".")
            body = json.loads(text)
            if what == "property":
                body["options"] = tuple(Option(**each) for each in body["options"])
                properties[type_name][name] = Property(**body)
            elif what == "group":
                groups[type_name][name] = Group(**body)
            elif what == "pipeline":
                body["stages"] = tuple(Stage(**each) for each in body["stages"])
                pipelines[type_name][name] = Pipeline(**body)
        self._properties, self._groups, self._pipelines = properties, groups, pipelines
        self._version = version
