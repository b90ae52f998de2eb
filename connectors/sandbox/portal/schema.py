"""What a portal is made of: object types, properties with their options, groups, pipelines with their stages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

PROPERTY_TYPES = frozenset({"string", "number", "date", "datetime", "enumeration", "bool", "phone_number"})
FIELD_TYPES = frozenset(
    {
        "booleancheckbox", "calculation_equation", "checkbox", "date", "file", "html", "number", "phonenumber", "radio",
        "select", "text", "textarea",
    }
)  # fmt: skip
NAME = re.compile(r"[a-z][a-z0-9_]{0,99}\Z")


@dataclass(frozen=True)
class Option:
    """One value of an enumeration. Records hold `value`; people see `label`."""

    value: str
    label: str
    hidden: bool = False
    description: str = ""
    order: int = -1


@dataclass(frozen=True)
class Property:
    """A property of an object type.

    Attributes:
        type: one of `PROPERTY_TYPES`; `field_type` is how people enter it.
        external: the options are kept elsewhere (owners, pipelines), so `options` is empty.
        read_only: nobody may set its value over the API.
        calculated: the portal works it out.
        unique: no two records have the same value, and records are found by it.
        hubspot: it comes with the portal: its definition cannot be changed, and it cannot be archived.
        open_options: of one that comes with the portal: its options may be changed.
        created, updated, archived: milliseconds since 1970; `archived` is 0 while it is in use.
    """

    name: str
    label: str
    type: str = "string"
    field_type: str = "text"
    group: str = ""
    description: str = ""
    options: tuple[Option, ...] = ()
    order: int = -1
    external: bool = False
    read_only: bool = False
    calculated: bool = False
    unique: bool = False
    hubspot: bool = False
    open_options: bool = False
    hidden: bool = False
    form_field: bool = False
    created: int = 0
    updated: int = 0
    archived: int = 0

    @property
    def multiple(self) -> bool:
        """Whether records may hold several of its options."""
        return self.type == "enumeration" and self.field_type == "checkbox"


@dataclass(frozen=True)
class Group:
    """A group of properties, as people see it on a record."""

    name: str
    label: str
    order: int = -1


@dataclass(frozen=True)
class Stage:
    """A step of a pipeline. `metadata` has the probability of a deal stage or the state of a ticket stage, as text."""

    id: str
    label: str
    order: int = 0
    metadata: dict[str, str] = field(default_factory=dict)
    created: int = 0
    updated: int = 0


@dataclass(frozen=True)
class Pipeline:
    """Stages that deals or tickets go through."""

    id: str
    label: str
    order: int = 0
    stages: tuple[Stage, ...] = ()
    created: int = 0
    updated: int = 0

    @property
    def stage_ids(self) -> frozenset[str]:
        return frozenset(each.id for each in self.stages)


@dataclass(frozen=True)
class ObjectType:
    """A kind of records.

    Attributes:
        name: plural, as in paths: "companies". `singular` and `type_id` ("0-2") mean the same there.
        title: the property that people know a record by.
        modified, created: names of the properties that tell when.
        defaults: properties delivered when none are asked for, besides id and dates.
        searched: properties that a search by words looks at.
        scope: what an app needs: `<scope>.read` and `<scope>.write`.
        stage, pipeline: names of the properties that place a record in a pipeline, or "".
    """

    name: str
    singular: str
    type_id: str
    label: str
    label_plural: str
    title: str
    group: str
    defaults: tuple[str, ...]
    searched: tuple[str, ...]
    scope: str
    created: str = "createdate"
    modified: str = "hs_lastmodifieddate"
    stage: str = ""
    pipeline: str = ""
    subscribed: bool = True  # whether webhooks name it (`company.creation`) or say `object.creation`

    @property
    def number(self) -> int:
        return int(self.type_id.partition("-")[2])
