"""What a rule reports, and what rules are given to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd

from scoring.model_types import Model, RuleKey, Severity

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """A rule broken by a record.

    Attributes:
        kind: kind of the record ("account", "opportunity" ...).
        account_id: the account it belongs to, None for a record without one.
        owner_id: user who answers for the record, None where the CRM names nobody.
        field: what is wrong: an output key ("segment"), a column ("industry"), or "".
        message: one sentence saying what is wrong; `fix` says what to do.
    """

    rule: str
    kind: str
    record_id: str
    record_name: str
    account_id: str | None
    owner_id: str | None
    field: str
    value: str | None
    severity: Severity
    message: str
    fix: str


@dataclass(frozen=True)
class Problem:
    """A finding before the rule has put its id and severity on it."""

    kind: str
    record: Row
    account_id: str | None
    field: str
    value: str | None
    message: str
    fix: str


class Rule(Protocol):
    """One thing that can be wrong with a record."""

    id: RuleKey
    title: str
    severity: Severity

    def problems(self, checked: Checked) -> Iterator[Problem]: ...


@dataclass(frozen=True)
class Checked:
    """Records of one connection by kind, with the accounts' scores and the model they are held against.

    A kind that was not read is absent; a column that was not read counts as empty.
    """

    records: Mapping[str, pd.DataFrame]
    scores: pd.DataFrame
    model: Model
    as_of: date

    def __contains__(self, kind: str) -> bool:
        return kind in self.records

    def column(self, kind: str, name: str) -> pd.Series:
        """Texts without surrounding blanks; "" where empty, or where the column was not read."""
        frame = self.records.get(kind, pd.DataFrame())
        if name not in frame:
            return pd.Series("", index=frame.index, dtype=object)
        texts = frame[name].astype(object)
        return texts.where(texts.notna(), "").astype(str).str.strip().astype(object)

    def flags(self, kind: str, name: str) -> np.ndarray:
        """True where the column is true; False where it is false or empty."""
        frame = self.records.get(kind, pd.DataFrame())
        if name not in frame:
            return np.zeros(len(frame), dtype=bool)
        return np.asarray(frame[name].astype(object).eq(True).to_numpy(dtype=bool))

    def has(self, kind: str, name: str) -> bool:
        return kind in self.records and name in self.records[kind]

    def rows(self, kind: str, mask: np.ndarray) -> Iterator[Row]:
        """Records where `mask` is true, in the order of their ids; what is empty is None."""
        chosen = self.records[kind][mask].sort_values("id")
        rows: list[Any] = chosen.astype(object).where(chosen.notna(), None).to_dict("records")
        return iter(rows)

    @cached_property
    def in_scope(self) -> np.ndarray:
        """Which accounts are customers: the others are nobody's business here."""
        customers = self.scores.loc[self.scores["in_scope"].astype(bool), "account_id"]
        return np.asarray(self.column("account", "id").isin(set(customers)))

    @cached_property
    def why(self) -> Mapping[str, Row]:
        """Scored rows by account id: what our rules say about a value, and why."""
        columns = [name for name in self.scores if name in _EXPLAINED]
        return {str(row["account_id"]): row for row in _rows(self.scores[columns])}


_EXPLAINED = ("account_id", *(key + end for key in ("segment", "sub_segment", "value_profile") for end in ("", "_why")))


def _rows(frame: pd.DataFrame) -> Sequence[Row]:
    rows: list[Any] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return rows


def name_of(row: Row) -> str:
    """What people call a record; its id where it has no name."""
    return str(row.get("name") or row.get("number") or row["id"])
