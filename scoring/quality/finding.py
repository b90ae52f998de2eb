"""What a rule reports, and what rules are given to look at."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from scoring.model.fields import record_fields
from scoring.model.shape import Model, Severity
from scoring.money import SCALE
from scoring.rules import Facts

if TYPE_CHECKING:
    from scoring.quality.across import Across
    from scoring.quality.crms_differ import Difference

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
        against: what the value is held against, where that can change: then what people said about it is over.
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
    against: str = ""


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
    against: str = ""


class Rule(Protocol):
    """One thing that can be wrong with a record."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def severity(self) -> Severity: ...

    def problems(self, checked: Checked) -> Iterator[Problem]: ...


@dataclass(frozen=True)
class Checked:
    """Records of one connection by kind, with the accounts' scores and the model they are held against.

    A kind that was not read is absent; a column that was not read counts as empty.

    Attributes:
        records: rows by kind (account, user, product, opportunity, order, customer), with the columns of
            `scoring.model.fields.COLUMNS`; accounts also hold our fields as they are in the CRM, as `own_segment` ...
        scores: ScoreTable of the accounts; those out of scope have no findings.
        as_of: the date scored for; contacts are counted to it. What is after `today` is in the future.
        known: what is known across all accounts, where `records` hold only some of them.
        apart: what people said about possible duplicates: (older, newer) -> what that was about, as `Problem.against`.
        standing: those of them that are the last word about the newer account; its finding rests.
        differing: by account, values on which its record in another CRM differs and that a person has to decide.
    """

    records: Mapping[str, pd.DataFrame]
    scores: pd.DataFrame
    model: Model
    as_of: date
    today: date
    known: Across | None = None
    apart: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    standing: Collection[tuple[str, str]] = frozenset()
    differing: Mapping[str, Sequence[Difference]] = field(default_factory=dict)

    @cached_property
    def kept(self) -> dict[str, Any]:
        """What rules have worked out and others may use, by name."""
        return {}

    def __contains__(self, kind: str) -> bool:
        return kind in self.records

    def column(self, kind: str, name: str) -> pd.Series:
        """Texts without surrounding blanks; "" where empty, or where the column was not read."""
        key = (kind, name)
        if key not in self._columns:
            frame = self.records.get(kind, pd.DataFrame())
            held = frame[name] if name in frame else pd.Series("", index=frame.index, dtype=object)
            codes, distinct = pd.factorize(held.astype(object))
            texts = np.array([*(str(value).strip() for value in distinct), ""], dtype=object)
            self._columns[key] = pd.Series(texts[codes], index=frame.index, dtype=object)  # code -1 is the last one
        return self._columns[key]

    @cached_property
    def _columns(self) -> dict[tuple[str, str], pd.Series]:
        return {}

    def number(self, kind: str, name: str) -> np.ndarray:
        """Figures as they are in the mirror, money in 1/10,000; NaN where empty, or where the column was not read."""
        frame = self.records.get(kind, pd.DataFrame())
        if name not in frame:
            return np.full(len(frame), np.nan)
        return np.asarray(pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan))

    def day(self, kind: str, name: str) -> np.ndarray:
        """Days as datetime64[D]; NaT where empty or no date, or where the column was not read."""
        frame = self.records.get(kind, pd.DataFrame())
        if name not in frame:
            return np.full(len(frame), np.datetime64("NaT"), dtype="datetime64[D]")
        codes, distinct = pd.factorize(frame[name].astype(object))
        parsed = pd.to_datetime(pd.Series([str(value)[:10] for value in distinct], dtype=object), errors="coerce")
        days = np.append(parsed.to_numpy().astype("datetime64[D]"), np.datetime64("NaT"))
        return np.asarray(days[codes])

    def flags(self, kind: str, name: str) -> np.ndarray:
        """True where the column is true; False where it is false or empty."""
        frame = self.records.get(kind, pd.DataFrame())
        if name not in frame:
            return np.zeros(len(frame), dtype=bool)
        return np.asarray(frame[name].astype(object).eq(True).to_numpy(dtype=bool))

    def has(self, kind: str, name: str) -> bool:
        return kind in self.records and name in self.records[kind]

    def rows(self, kind: str, mask: np.ndarray, **more: np.ndarray) -> Iterator[Row]:
        """Records where `mask` is true, in the order of their ids; what is empty is None.

        Each of `more` holds a value per record of the kind, which the rows then carry by that name.
        """
        places = np.flatnonzero(mask)
        if not len(places):
            return iter(())
        frame = self.records[kind]
        places = places[np.argsort(frame["id"].take(places).to_numpy(dtype=object), kind="stable")]
        chosen = frame.take(places).assign(**{name: values[places] for name, values in more.items()})
        columns = {str(name): _objects(column) for name, column in chosen.items()}
        return (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))

    @cached_property
    def in_scope(self) -> np.ndarray:
        """Which accounts are customers: the others are nobody's business here."""
        customers = self.scores.loc[self.scores["in_scope"].astype(bool), "account_id"]
        return np.asarray(self.column("account", "id").isin(set(customers)))

    def scored(self, name: str) -> np.ndarray:
        """A column of the scores per account, None where an account has none."""
        if name not in self._scored:
            values = np.full(len(self.scores) + 1, None, dtype=object)  # place -1 is the last one
            if name in self.scores:
                held = self.scores[name]
                values[:-1] = held.astype(object).where(held.notna(), None).to_numpy(dtype=object)
            self._scored[name] = values[self._place_in_scores]
        return self._scored[name]

    @cached_property
    def _scored(self) -> dict[str, np.ndarray]:
        return {}

    @cached_property
    def _place_in_scores(self) -> np.ndarray:
        """Row of each account in the scores; -1 for one that has none."""
        return np.asarray(pd.Index(self.scores["account_id"]).get_indexer(pd.Index(self.column("account", "id"))))

    def place(self, kind: str, column: str) -> np.ndarray:
        """Row of the account that `column` of each record names; -1 where it names none that is there."""
        key = (kind, column)
        if key not in self._places:
            codes, named = pd.factorize(self.column(kind, column))
            self._places[key] = np.asarray(self._accounts.get_indexer(pd.Index(named)))[codes]
        return self._places[key]

    @cached_property
    def _places(self) -> dict[tuple[str, str], np.ndarray]:
        return {}

    @cached_property
    def _accounts(self) -> pd.Index:
        ids = pd.Index(self.column("account", "id"))
        return ids if ids.is_unique else pd.Index(np.where(ids.duplicated(), None, ids))

    @cached_property
    def facts(self) -> Facts:
        """The accounts as conditions of the model see them; of sums only the revenue is known here, and the main
        product family where the records hold it."""
        frame = self.records.get("account", pd.DataFrame())
        facts = Facts(frame.assign(revenue=self.scored("revenue")), self.model, self.as_of)
        facts.fields = record_fields(self.model)
        return facts


def _objects(column: pd.Series) -> list[Any]:
    """The values of a column as Python has them; what is empty is None."""
    values = column.to_numpy(dtype=object, copy=True)
    values[column.isna().to_numpy()] = None
    found: list[Any] = values.tolist()
    return found


def name_of(row: Row) -> str:
    """What people call a record; its id where it has no name."""
    return str(row.get("name") or row.get("number") or row["id"])


def money(amount: float, model: Model, currency: Any = None) -> str:
    """An amount of the mirror in whole units, in the record's own currency or the model's: "12,000 EUR"."""
    return f"{amount / SCALE:,.0f} {currency or model.currency}"
