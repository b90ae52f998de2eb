"""A whole mapping file, and one that varies another."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as AbstractMapping
from typing import Annotated, Literal

import yaml
from pydantic import Field, PrivateAttr, model_validator

from connectors.sandbox.mapping import places
from connectors.sandbox.mapping.part import Part, Text
from connectors.sandbox.mapping.schema import (
    Currencies,
    CustomObject,
    FieldChange,
    PipelineEntry,
    PropertyEntry,
    Status,
)
from connectors.sandbox.mapping.steps import Rows, Step


class Mapping(Part):
    """A whole mapping file. `load` is done in order; a lookup reaches its own step and those before it."""

    name: Text
    description: str = ""
    crm: Literal["salesforce", "hubspot"] = "salesforce"
    properties: AbstractMapping[Text, AbstractMapping[Text, PropertyEntry]] = {}
    pipelines: AbstractMapping[Literal["deals", "tickets"], tuple[PipelineEntry, ...]] = {}
    currencies: Currencies | None = None
    territories: bool = False
    objects: AbstractMapping[Text, CustomObject] = {}
    fields: AbstractMapping[Text, AbstractMapping[Text, FieldChange]] = {}
    statuses: AbstractMapping[Literal["OpportunityStage", "CaseStatus", "TaskStatus"], tuple[Status, ...]] = {}
    load: Annotated[tuple[Step, ...], Field(min_length=1)]
    _source: str = PrivateAttr("the mapping")
    _tree: yaml.Node | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _sections_of_its_crm(self) -> Mapping:
        hubspot = {"properties": self.properties, "pipelines": self.pipelines}
        salesforce = {
            "territories": self.territories, "objects": self.objects,
            "fields": self.fields, "statuses": self.statuses,
        }  # fmt: skip
        other = hubspot if self.crm == "salesforce" else salesforce
        if strange := [name for name, section in other.items() if section]:
            raise ValueError(f"{', '.join(strange)} cannot be in a mapping for {self.crm}")
        return self

    def files(self) -> tuple[str, ...]:
        """The files it reads, each once, in order."""
        sources: Iterator[Rows] = (part for step in self.load for part in (step, *step.join.values()))
        return tuple(dict.fromkeys(part.file for part in sources if part.file))

    def place(self, *location: str | int) -> str:
        """Where something stands, as people count: "mapping.yaml, line 12: fields.Account"."""
        line, key = places.place(self._tree, location)
        return f"{self._source}, line {line}: {key}"


class Variant(Part):
    """A mapping file that takes over another one without some of its steps.

    Attributes:
        extends: the other mapping file, relative to this one.
        leave_out: titles of the steps that are not loaded.
    """

    name: Text
    description: str = ""
    extends: Text
    leave_out: Annotated[tuple[Text, ...], Field(min_length=1)]
