"""Section `load`: which rows become records, and where the values of their fields come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from connectors.sandbox.mapping.part import Columns, Part, Scalar, Text


class Test(Part):
    """What a column must hold for a row to be taken. Values are compared as text."""

    in_: Annotated[tuple[Scalar, ...] | None, Field(alias="in", min_length=1)] = None
    not_in: Annotated[tuple[Scalar, ...] | None, Field(min_length=1)] = None
    empty: bool | None = None
    __test__ = False  # not a pytest class

    @model_validator(mode="after")
    def _one(self) -> Test:
        if sum(item is not None for item in (self.in_, self.not_in, self.empty)) != 1:
            raise ValueError("a test has exactly one of in, not_in, empty")
        return self


#: Each of these keys says where a value comes from; an expression has exactly one.
SOURCES = (
    "column", "first_of", "constant", "template", "lookup", "first_name", "last_name", "username",
    "sum", "min", "max", "count", "last", "most",
)  # fmt: skip  # fmt: skip


class Expression(Part):
    """Where the value of a field comes from, and what is done to it. A plain text is short for `column`.

    The order of work: take the value, `map`, `date`, `times`, `divided_by` (a column), then `default` if nothing is
    left.
    """

    column: Text | None = None
    first_of: Columns | None = None
    constant: Scalar | None = None
    template: Text | None = None
    lookup: Text | None = None
    by: Columns | None = None
    missing: Literal["refuse", "empty"] = "refuse"
    first_name: Text | None = None
    last_name: Text | None = None
    username: Text | None = None
    domain: Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")] = "example.com"
    sum: Text | None = None
    min: Text | None = None
    max: Text | None = None
    count: Text | None = None
    last: Text | None = None
    most: Text | None = None
    order_by: Text | None = None
    weight: Text | None = None
    map: Mapping[Scalar, Scalar | None] | None = None
    others: Literal["keep", "refuse", "empty"] = "keep"
    date: Text | None = None
    times: float | int | None = None
    divided_by: Text | None = None
    default: Expression | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        if isinstance(given, str):
            return {"column": given}
        if isinstance(given, dict):
            return {k: [v] if k == "by" and isinstance(v, str) else v for k, v in given.items()}
        return given

    @model_validator(mode="after")
    def _complete(self) -> Expression:
        given = [name for name in SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            found = f"found {' and '.join(given)}" if given else "found none"
            raise ValueError(f"a value needs exactly one of {', '.join(SOURCES)}; {found}")
        for option, owner in (("by", "lookup"), ("order_by", "last"), ("weight", "most")):
            if getattr(self, option) is not None and given[0] != owner:
                raise ValueError(f"{option} belongs to {owner}")
        if self.lookup is not None and self.by is None:
            raise ValueError("a lookup needs `by`: the columns that hold the key")
        if self.last is not None and self.order_by is None:
            raise ValueError("last needs `order_by`: the column that says which row is last")
        return self

    @property
    def source(self) -> str:
        """The one key of `SOURCES` that is given."""
        return next(name for name in SOURCES if getattr(self, name) is not None)


class Rows(Part):
    """Rows to work on: those of a file, or ones that stand in the mapping itself.

    With `group_by` one row stands for all rows that agree in these columns: a plain column then is that of
    the first of them, and `sum`, `min`, `max`, `count`, `last` and `most` look at all of them.
    """

    file: Text | None = None
    rows: tuple[Mapping[Text, Scalar | None], ...] = ()
    where: Mapping[Text, Test] = {}
    group_by: tuple[Text, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _short_group(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("group_by"), str):
            return {**given, "group_by": [given["group_by"]]}
        return given

    @model_validator(mode="after")
    def _has_rows(self) -> Rows:
        if (self.file is None) == (not self.rows):
            raise ValueError("needs either `file` or `rows`")
        return self


class Join(Rows):
    """Other rows whose columns become usable as `name.column`.

    Attributes:
        match: column here -> column there. At most one row there may fit, and none is fine: its columns are empty.
        columns: name -> expression, needed with `group_by`; without it all columns of the file are there.
    """

    match: Annotated[Mapping[Text, Text], Field(min_length=1)]
    columns: Mapping[Text, Expression] = {}


class Step(Rows):
    """One load: rows become records of one object.

    Attributes:
        name: what lookups of other steps call it; the object's name unless given.
        key: columns that identify a row here, for lookups.
        fields: field -> expression.
        price: list price in the standard price book; on steps that load Product2.
        associate: of HubSpot records: object type -> the record to associate with.
    """

    object: Text
    name: str = ""
    key: tuple[Text, ...] = ()
    join: Mapping[Text, Join] = {}
    fields: Annotated[Mapping[Text, Expression], Field(min_length=1)]
    price: Expression | None = None
    associate: Mapping[Text, Expression] = {}

    @model_validator(mode="before")
    @classmethod
    def _short_key(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("key"), str):
            return {**given, "key": [given["key"]]}
        return given

    @property
    def title(self) -> str:
        return self.name or self.object
