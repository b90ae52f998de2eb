"""The mapping file: how CSV and Parquet files become the records of a CRM. LOADING.md explains it by example.

These are its types, one per section, and `read`, which names file, line and key of everything that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as AbstractMapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

Scalar = bool | int | float | date | str
Text = Annotated[str, Field(min_length=1)]
Code = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Rate = Annotated[float, Field(gt=0)]
Columns = Annotated[tuple[Text, ...], Field(min_length=1)]


class LoadError(Exception):
    """Files could not be loaded. The CRM is as it was before.

    Attributes:
        message: one sentence: where (file, line) and what is wrong.
        next_step: one sentence: what to do.
    """

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step


class Part(BaseModel):
    """A section of the mapping file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


P = TypeVar("P", bound=Part)


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
    rates: AbstractMapping[Code, Rate] = {}
    dated: AbstractMapping[Code, AbstractMapping[date, Rate]] | None = None

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
)  # fmt: skip


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
    map: AbstractMapping[Scalar, Scalar | None] | None = None
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
    rows: tuple[AbstractMapping[Text, Scalar | None], ...] = ()
    where: AbstractMapping[Text, Test] = {}
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

    match: Annotated[AbstractMapping[Text, Text], Field(min_length=1)]
    columns: AbstractMapping[Text, Expression] = {}


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
    join: AbstractMapping[Text, Join] = {}
    fields: Annotated[AbstractMapping[Text, Expression], Field(min_length=1)]
    price: Expression | None = None
    associate: AbstractMapping[Text, Expression] = {}

    @model_validator(mode="before")
    @classmethod
    def _short_key(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("key"), str):
            return {**given, "key": [given["key"]]}
        return given

    @property
    def title(self) -> str:
        return self.name or self.object


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
        line, key = _place(self._tree, location)
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


def _check_lookups(mapping: Mapping) -> None:
    """Every lookup leads to its own step or one before it, with as many columns as that step's key has."""
    known: dict[str, Step] = {}
    for number, step in enumerate(mapping.load):
        if step.title in known:
            place = mapping.place("load", number)
            raise LoadError(f"{place}: two steps are called {step.title}.", "Give one of them a `name`.")
        known[step.title] = step
        parts = [("fields", *each) for each in step.fields.items()]
        parts += [("associate", *each) for each in step.associate.items()]
        for section, name, expression in parts:
            problem = _wrong_lookup(step, expression, known)
            if problem:
                place = mapping.place("load", number, section, name)
                raise LoadError(f"{place}: {problem}.", "Correct the lookup, or the order of the steps.")


def _wrong_lookup(step: Step, expression: Expression, known: AbstractMapping[str, Step]) -> str:
    """What is wrong with the lookups of an expression and its defaults; "" if nothing is."""
    name, other = expression.lookup, expression.default
    if name is not None:
        if name not in known:
            return f"{name} is no step up to here: {', '.join(known)}"
        wanted, given = len(known[name].key), len(expression.by or ())
        if not wanted:
            return f"the step {name} has no `key` to look it up by"
        if wanted != given:
            return f"the key of {name} has {wanted} columns, `by` has {given}"
    if other is None:
        return ""
    if other.lookup == step.title:
        return "a default may not look up its own step"
    return _wrong_lookup(step, other, known)


def read(path: Path) -> Mapping:
    """The mapping in a file. Raises `LoadError` that names line and key of the first mistake."""
    text, source = _text(path), str(path)
    tree, content = _parsed(text, source)
    if "extends" not in content:
        return _mapping(tree, content, source)
    variant = _validated(Variant, tree, content, source)
    other = path.parent / variant.extends
    return _without(parse(_text(other), str(other)), variant, f"{source}, line {_place(tree, ['leave_out'])[0]}")


def parse(text: str, source: str) -> Mapping:
    """The mapping in a text; `source` is what errors call it."""
    return _mapping(*_parsed(text, source), source)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise LoadError(f"{path} cannot be read: {error.strerror}.", "Name a mapping file that exists.") from None
    except UnicodeDecodeError:
        raise LoadError(f"{path} is not UTF-8 text.", "Save the mapping file as UTF-8.") from None


def _parsed(text: str, source: str) -> tuple[yaml.Node | None, dict[str, Any]]:
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        message = f"{source}, line {line}: not readable as YAML: {error.problem}."
        raise LoadError(message, "Correct that line; indent with spaces.") from None
    if not isinstance(content, dict):
        raise LoadError(f"{source}: not a mapping file.", "See connectors/sandbox/LOADING.md for the format.")
    return tree, content


def _mapping(tree: yaml.Node | None, content: dict[str, Any], source: str) -> Mapping:
    mapping = _validated(Mapping, tree, content, source)
    mapping._source, mapping._tree = source, tree
    _check_lookups(mapping)
    return mapping


def _without(mapping: Mapping, variant: Variant, place: str) -> Mapping:
    """The mapping less the steps a variant leaves out; none of the others may look them up."""
    titles = {step.title for step in mapping.load}
    unknown = [name for name in variant.leave_out if name not in titles]
    if unknown:
        raise LoadError(
            f"{place}: {variant.extends} has no step {', '.join(unknown)}.", f"Its steps: {', '.join(titles)}."
        )
    kept = [step.title not in variant.leave_out for step in mapping.load]
    left = tuple(step for step, keep in zip(mapping.load, kept, strict=True) if keep)
    for step in left:
        for name, expression in step.fields.items():
            if expression.lookup in variant.leave_out:
                raise LoadError(
                    f"{place}: {step.title}.{name} looks up {expression.lookup}, which is left out.",
                    f"Leave out {step.title} too, or keep {expression.lookup}.",
                )
    for key, node in mapping._tree.value if mapping._tree else ():
        if key.value == "load":  # so that places are still right
            node.value = [part for part, keep in zip(node.value, kept, strict=True) if keep]
    return mapping.model_copy(update={"name": variant.name, "description": variant.description, "load": left})


def _validated(kind: type[P], tree: yaml.Node | None, content: dict[str, Any], source: str) -> P:
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        # A wrong alternative is reported once per possible type; the place deepest in the file is the telling one.
        first = max(error.errors(), key=lambda item: len(list(_follow(tree, item["loc"]))))
        line, key = _place(tree, first["loc"])
        problem = first["msg"].removeprefix("Value error, ")
        message = f"{source}, line {line}: {key or 'mapping'}: {problem}."
        raise LoadError(message, "Correct that key; LOADING.md lists what is allowed.") from None


def _follow(tree: yaml.Node | None, location: Sequence[str | int]) -> Iterator[tuple[yaml.Node, str]]:
    """Nodes along the location, as far as they exist, each with its step as people write it."""
    node = tree
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if found is None:
                continue
            node = found[1]
            yield found[0], f".{part}"
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            yield node, f"[{part}]"


def _place(tree: yaml.Node | None, location: Sequence[str | int]) -> tuple[int, str]:
    """1-based line and key of a location."""
    line, key = 1, ""
    for node, step in _follow(tree, location):
        line, key = node.start_mark.line + 1, key + step
    return line, key.removeprefix(".")
