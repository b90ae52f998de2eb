"""Sections on what a CRM is made of before it has records: objects, fields, values, currencies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from connectors.sandbox.mapping.part import Code, Part, Rate, Scalar, Text


class PicklistValue(Part):
    """An entry of a picklist; a plain text stands for an active entry whose label is its value."""

    value: Text
    label: str = ""
    active: bool = True


def _short(given: Any, key: str) -> Any:
    """The section with entries of that list that are plain texts written out as values."""
    if isinstance(given, dict) and isinstance(given.get(key), list):
        return {**given, key: [{"value": each} if isinstance(each, str) else each for each in given[key]]}
    return given


class FieldChange(Part):
    """A custom field to create, or what to change about a field that exists.

    `type` is needed for a new field. `values` of an existing picklist are added to those it has.
    """

    type: Text | None = None
    label: str | None = None
    help: str | None = None
    length: Annotated[int | None, Field(ge=1, le=131072)] = None
    precision: Annotated[int | None, Field(ge=1, le=18)] = None
    scale: Annotated[int | None, Field(ge=0, le=17)] = None
    required: bool | None = None
    default: Scalar | None = None
    values: tuple[PicklistValue, ...] = ()
    restricted: bool | None = None
    external_id: bool | None = None
    unique: bool | None = None
    reference_to: tuple[Text, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _short_values(cls, given: Any) -> Any:
        return _short(given, "values")


class CustomObject(Part):
    """A custom object to create. Its fields stand under `fields`, like those of any object."""

    label: Text
    plural: Text


class Currencies(Part):
    """In what an org counts. With rates, or dated ones, it is an org with several currencies.

    Attributes:
        rates: units of each other currency for one of the corporate currency.
        dated: per currency, rates by their first day.
    """

    corporate: Code
    rates: Mapping[Code, Rate] = {}
    dated: Mapping[Code, Mapping[date, Rate]] | None = None

    @model_validator(mode="after")
    def _known(self) -> Currencies:
        if unknown := set(self.dated or ()) - set(self.rates):
            raise ValueError(f"{', '.join(sorted(unknown))} has dated rates, but is not among the rates")
        return self


class Status(Part):
    """A value of a status list (OpportunityStage, CaseStatus, TaskStatus) and what it means."""

    value: Text
    closed: bool = False
    won: bool = False
    probability: Annotated[int, Field(ge=0, le=100)] = 0


class PropertyEntry(Part):
    """A property of a HubSpot object to create; `options` of one that exists are added to those it has."""

    type: Literal["string", "number", "date", "datetime", "enumeration", "bool", "phone_number"] = "string"
    field_type: Text | None = None
    label: str = ""
    description: str = ""
    options: tuple[PicklistValue, ...] = ()
    unique: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short_options(cls, given: Any) -> Any:
        return _short(given, "options")


class StageEntry(Part):
    """A stage of a HubSpot pipeline; `probability` (percent) is that of deals."""

    id: Text
    label: str = ""
    closed: bool = False
    probability: Annotated[int, Field(ge=0, le=100)] = 0


class PipelineEntry(Part):
    """A pipeline of HubSpot deals or tickets to create or replace."""

    id: Text
    label: str = ""
    stages: Annotated[tuple[StageEntry, ...], Field(min_length=1)]
