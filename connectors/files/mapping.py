"""The mapping file: which file, folder or table holds which kind of record, and which column means what."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from connectors.base import COLUMNS
from connectors.errors import BadInput

_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_EXAMPLE = "kind, path (or url and table), columns"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnRule(_Strict):
    """Where one canonical column comes from and how its text is to be read.

    Attributes:
        column: column of the file; several are joined with "-" (for ids made of two columns).
        format: of dates, as in Python's strptime, e.g. "%m/%d/%Y"; ISO dates need none.
        decimal: the decimal sign. `thousands`: the sign between groups of digits, if there is one.
        values: file value -> canonical value, for codes ("Y" -> "true").
    """

    column: tuple[str, ...]
    format: str = ""
    decimal: str = Field(".", pattern=r"^[.,]$")
    thousands: str = Field("", pattern=r"^[., '\u00a0]?$")
    values: Mapping[str, str] = Field(default_factory=dict)


def _as_rule(value: Any) -> Any:
    """`amount: Amount` and `id: [Order, Line]` are short for a rule with nothing but columns."""
    if isinstance(value, str):
        return {"column": (value,)}
    if isinstance(value, list):
        return {"column": tuple(value)}
    if isinstance(value, dict) and isinstance(value.get("column"), str):
        return {**value, "column": (value["column"],)}
    return value


Rule = Annotated[ColumnRule, BeforeValidator(_as_rule)]


class AccountKey(_Strict):
    """Columns of the file that say which account a row belongs to; one of them is enough."""

    external_id: str = ""
    name: str = ""

    @model_validator(mode="after")
    def _one_is_there(self) -> Self:
        if not (self.external_id or self.name):
            raise ValueError("name the column with the account's external_id, or with its name, or both")
        return self


class FileSource(_Strict):
    """One set of records.

    Attributes:
        path: a .csv, .tsv, .txt, .parquet or .xlsx file, relative to the mapping file; may hold wildcards.
        url: instead of a path: a database, e.g. "postgres://reader:${ERP_PASSWORD}@erp/sales". `${NAME}` is
            taken from the environment. With it `table` or `query`.
        combine: several rows make one record: money and quantities are added up, all else must agree.
        max_rejected: the share of unreadable rows above which the source is refused as a whole.
    """

    kind: str
    name: str = ""
    path: str = ""
    sheet: str = ""
    url: str = ""
    table: str = ""
    query: str = ""
    encoding: str = "utf-8"
    delimiter: str = Field("", max_length=1)
    columns: Mapping[str, Rule]
    constants: Mapping[str, bool | int | float | date | str] = Field(default_factory=dict)
    account: AccountKey | None = None
    combine: bool = False
    max_rejected: float = Field(0.01, ge=0, le=1)

    @property
    def title(self) -> str:
        return self.name or f"{self.kind} from {self.path or self.table or 'a query'}"

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns of the file that are read, each once."""
        keys = (self.account.external_id, self.account.name) if self.account else ()
        named = [column for rule in self.columns.values() for column in rule.column]
        return tuple(dict.fromkeys([*named, *(key for key in keys if key)]))

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.kind not in COLUMNS:
            raise ValueError(f"kind {self.kind!r} is none of {', '.join(COLUMNS)}")
        known = COLUMNS[self.kind]
        for column in (*self.columns, *self.constants):
            if column not in known:
                raise ValueError(f"{self.kind} has no column {column!r}{near(column, known)}")
        if twice := set(self.columns) & set(self.constants):
            raise ValueError(f"{', '.join(sorted(twice))} is given as column and as constant")
        if "id" not in self.columns:
            raise ValueError(f"{self.kind} needs a column for 'id'")
        if bool(self.path) == bool(self.url):
            raise ValueError("give either a path or a url")
        if self.url and bool(self.table) == bool(self.query):
            raise ValueError("with a url give either a table or a query")
        if self.account and ("account_id" not in known or "account_id" in self.columns):
            raise ValueError(f"{self.kind} takes no 'account' key here")
        return self


class FileMapping(_Strict):
    """A mapping file.

    Attributes:
        folder: where relative paths start: the mapping file's own folder.
        review: the file in which a person decides about accounts matched by name.
    """

    sources: tuple[FileSource, ...] = Field(min_length=1)
    review: str = "account-review.csv"
    folder: Path = Path()

    @property
    def review_path(self) -> Path:
        return self.folder / self.review


def load_mapping(path: Path) -> FileMapping:
    """Reads a mapping file. Raises `BadInput` naming file, line, key, and what is allowed there."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(f"There is no mapping file {path}.", next_step="Check the path.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"The mapping file {path} cannot be read: {error}.", next_step="Check its permissions; it must be UTF-8."
        ) from None
    return parse_mapping(text, path)


def parse_mapping(text: str, path: Path) -> FileMapping:
    """The mapping in `text`; `path` is named in errors, and its folder is where relative paths start."""
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(path, error.problem_mark.line + 1 if error.problem_mark else 1, str(error.problem)) from None
    except yaml.reader.ReaderError as error:
        raise _not_yaml(path, text.count("\n", 0, error.position) + 1, str(error.reason)) from None
    except ValueError as error:
        # PyYAML lets what looks like a date and is none through to Python's date.
        raise _not_yaml(path, _line_of_no_date(text), str(error)) from None
    if not isinstance(content, dict):
        raise BadInput(f"The mapping file {path} is empty.", next_step=f"List its sources: {_EXAMPLE}.")
    try:
        return FileMapping.model_validate({**content, "folder": path.parent})
    except ValidationError as error:
        problems = [
            _problem(path, tree, each["loc"], _allowed(each["type"], each["loc"]) or each["msg"])
            for each in error.errors()
            if not _follows(each["type"], each["loc"], error)
        ]
        raise BadInput(
            "\n".join(problems), next_step=f"Correct the mapping file; each source has {_EXAMPLE}."
        ) from None


def near(name: str, names: Iterable[str]) -> str:
    """A clause naming the closest name there is, or all of them when none is close."""
    by_lower = {each.lower(): each for each in names}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    if close:
        return f"; the nearest is {by_lower[close[0]]!r}"
    return f"; there are {', '.join(by_lower.values())}" if by_lower else ""


def _not_yaml(path: Path, line: int, why: str) -> BadInput:
    return BadInput(f"{path}, line {line}: this is not YAML: {why}.", next_step="Correct the line.")


def _line_of_no_date(text: str) -> int:
    """The first line that holds a date which does not exist."""
    for number, line in enumerate(text.splitlines(), start=1):
        for written in _DATE.findall(line):
            try:
                date.fromisoformat(written)
            except ValueError:
                return number
    return 1


def _allowed(type_: str, loc: Sequence[str | int]) -> str:
    """What may stand where an unknown key stands; "" for other errors."""
    if type_ != "extra_forbidden":
        return ""
    model: type[_Strict] = FileMapping
    if len(loc) > 2:
        parts: Mapping[str, type[_Strict]] = {"columns": ColumnRule, "account": AccountKey}
        model = parts.get(str(loc[2]), FileSource)
    known = [name for name in model.model_fields if name != "folder"]
    return f"unknown key{near(str(loc[-1]), known)}; allowed are {', '.join(known)}"


def _follows(type_: str, loc: Sequence[str | int], error: ValidationError) -> bool:
    """Whether pydantic says "too short" of a list only because its items are wrong."""
    return type_ == "too_short" and any(len(each["loc"]) > len(loc) for each in error.errors())


def _problem(path: Path, tree: yaml.Node | None, loc: Sequence[str | int], message: str) -> str:
    line, known = _line_of(tree, loc)
    key = ".".join(str(part) for part in known)
    return f"{path}, line {line}{f', {key}' if key else ''}: {message.removeprefix('Value error, ')}."


def _line_of(node: yaml.Node | None, loc: Sequence[str | int]) -> tuple[int, list[str | int]]:
    """The line of the deepest part of `loc` that is in the file, and that part."""
    line, found = 1, list[str | int]()
    for part in loc:
        below: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    line, below = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            below = node.value[part]
            line = below.start_mark.line + 1
        if below is None:
            break
        found.append(part)
        node = below
    return line, found
