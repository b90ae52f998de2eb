"""The small language of rules: conditions on the fields of an account, written as YAML, without any code in it.

A condition is one of
    {field: industry, in: [Energy, Utilities]}          one test of one field
    {field: roles, includes: [Competitor, Partner]}     the same of a field with several values, "Customer;Partner"
    {all: [...]}, {any: [...]}, {not: {...}}            combinations
    {otherwise: true}                                   always true; the last rule of a list
Text is compared without regard to case and outer blanks. A test of a field that is empty is false, except `missing`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

STRICT = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)

#: Operators of a test -> the field types they make sense for.
OPERATORS = {
    "equals": ("text", "number", "money", "flag"),
    "in": ("text",),
    "includes": ("text",),
    "starts_with": ("text",),
    "at_least": ("number", "money", "date"),
    "below": ("number", "money", "date"),
    "between": ("number", "money", "date"),
    "within_months": ("date",),
    "missing": ("text", "number", "money", "date", "flag"),
}

Text = Annotated[str, Field(min_length=1, max_length=255)]
Bound = int | float | date


class Test(BaseModel):
    """One test of one field. Exactly one operator.

    Money is in whole units of the currency. `at_least` includes its bound, `below` excludes it, and `between`
    includes both. `within_months: 12` is true for a date in the twelve months before the date scored for. `includes`
    is true when at least one of a field's values, which a CRM separates by ";", is among those named.
    """

    model_config = STRICT
    __test__ = False  # not a pytest class

    field: Text
    equals: str | bool | int | float | None = None
    in_: Annotated[tuple[Text, ...] | None, Field(alias="in", min_length=1)] = None
    includes: Annotated[tuple[Text, ...] | None, Field(min_length=1)] = None
    starts_with: Text | None = None
    at_least: Bound | None = None
    below: Bound | None = None
    between: tuple[Bound, Bound] | None = None
    within_months: Annotated[int | None, Field(ge=1, le=1200, strict=True)] = None
    missing: Annotated[bool | None, Field(strict=True)] = None

    @property
    def operator(self) -> str:
        return next(name for name in OPERATORS if self.operand(name) is not None)

    def operand(self, operator: str) -> object:
        return getattr(self, "in_" if operator == "in" else operator)

    @model_validator(mode="after")
    def _one_operator(self) -> Test:
        given = [name for name in OPERATORS if self.operand(name) is not None]
        if len(given) != 1:
            found = f"found {' and '.join(given)}" if given else "found none"
            raise ValueError(f"a test needs exactly one of {', '.join(OPERATORS)}; {found}")
        return self


class All(BaseModel):
    """True when every part is."""

    model_config = STRICT
    all: Annotated[tuple[Condition, ...], Field(min_length=1)]


class AnyOf(BaseModel):
    """True when at least one part is."""

    model_config = STRICT
    any: Annotated[tuple[Condition, ...], Field(min_length=1)]


class Not(BaseModel):
    """True when its part is not."""

    model_config = STRICT
    not_: Annotated[Condition, Field(alias="not")]


class Otherwise(BaseModel):
    """Always true."""

    model_config = STRICT
    otherwise: Literal[True]


def _kind(value: object) -> str:
    """Which form of condition this is; a test unless a combining key is present."""
    names = {"all": "all", "any": "any", "not": "not", "otherwise": "otherwise"}
    if isinstance(value, dict):
        return next((tag for key, tag in names.items() if key in value), "test")
    types: dict[type, str] = {All: "all", AnyOf: "any", Not: "not", Otherwise: "otherwise"}
    return types.get(type(value), "test")


Condition = Annotated[
    Annotated[All, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[Otherwise, Tag("otherwise")]
    | Annotated[Test, Tag("test")],
    Discriminator(_kind),
]

for _type in (All, AnyOf, Not):
    _type.model_rebuild()
