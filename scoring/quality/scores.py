"""How good the data are: completeness, validity, consistency and timeliness, per field, segment and owner.

Pure: counted from the records and from what the rules found in them, so that each figure leads to its records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from scoring.model.fields import rule_fields
from scoring.model.shape import Model
from scoring.quality.finding import Checked, Finding
from scoring.quality.values import OUTPUTS, OWN, labels

By = Literal["all", "field", "segment", "owner"]
Aspect = Literal["validity", "consistency", "timeliness"]

#: What a finding of a rule says about the value it is on; other rules are about records, and only make an account
#: one with something to mend.
ASPECTS: Mapping[str, Aspect] = {
    "not_in_list": "validity",
    "unknown_label": "validity",
    "out_of_range": "validity",
    "negative_amount": "validity",
    "sub_segment_of_segment": "consistency",
    "contradicts": "consistency",
    "unlike_rules": "consistency",
    "parent_child": "consistency",
    "crm_erp_disagree": "consistency",
    "stale": "timeliness",
}
_KINDS: tuple[Aspect, ...] = ("validity", "consistency", "timeliness")


@dataclass(frozen=True)
class Score:
    """Figures of the customers of one field, segment or owner, or of all.

    Attributes:
        key: name of the field, key of the segment, id of the owner; "" for all, for no segment, for no owner.
        customers: in scope. `to_mend` of them have a finding here; `revenue` (1/10,000) is what those bought.
        completeness: share of the values that are filled.
        validity, consistency, timeliness: share of the filled values that no such rule objects to; None without any.
    """

    by: By
    key: str
    customers: int
    to_mend: int
    revenue: int
    completeness: float | None
    validity: float | None
    consistency: float | None
    timeliness: float | None


def scores(checked: Checked, found: Iterable[Finding]) -> list[Score]:
    """The figures of all customers, then by field, by segment and by owner (of the account), in order of their keys.

    Counted are the values the model makes mandatory, and by field also those with a vocabulary or bounds.
    """
    mandatory = [name for name in OUTPUTS if checked.model.policy(name).mandatory]
    ruled = [*checked.model.vocabulary, *checked.model.quality.rules.out_of_range.fields]
    table = _Table(checked, [*mandatory, *dict.fromkeys(ruled)])
    table.mark(found)
    segments = checked.column("account", OWN + "segment")
    segments = segments.where(segments.isin(set(labels(checked.model, "segment"))), "")
    everybody = pd.Series("", index=segments.index, dtype=object)
    chosen = slice(0, len(mandatory))
    result = table.grouped("all", everybody, chosen)
    for number, name in enumerate(table.names):
        lines = table.grouped("field", everybody, slice(number, number + 1), asked=name in mandatory)
        result += [replace(line, key=name) for line in lines]
    result += table.grouped("segment", segments, chosen)
    return result + table.grouped("owner", checked.column("account", "owner_id"), chosen)


class _Table:
    """Customers by fields: what is filled, and what was found."""

    def __init__(self, checked: Checked, names: list[str]) -> None:
        self._checked = checked
        self.names = names
        columns = [OWN + name if name in OUTPUTS else name for name in names]
        held = [(checked.column("account", column) != "").to_numpy(dtype=bool) for column in columns]
        shape = (len(checked.in_scope), len(names))
        self._filled = np.column_stack(held) if held else np.zeros(shape, dtype=bool)
        self._wrong = {aspect: np.zeros(shape, dtype=bool) for aspect in _KINDS}
        self._found = np.zeros(shape[0], dtype=bool)
        revenue = pd.to_numeric(pd.Series(checked.scored("revenue"), dtype=object), errors="coerce")
        self._revenue = revenue.fillna(0).to_numpy(dtype=float)

    def mark(self, found: Iterable[Finding]) -> None:
        """Note where a rule objects."""
        places = {name: place for place, name in enumerate(self.names)}
        kept = [each for each in found if each.account_id]
        ids = pd.Index(self._checked.column("account", "id"))
        rows = ids.get_indexer_for(pd.Index([each.account_id for each in kept])) if ids.is_unique and kept else []
        for row, each in zip(rows, kept, strict=True):
            if row < 0:
                continue
            self._found[row] = True
            aspect = ASPECTS.get(each.rule)
            if aspect and each.kind == "account" and each.field in places:
                self._wrong[aspect][row, places[each.field]] = True

    def grouped(self, by: By, keys: pd.Series, chosen: slice, asked: bool = True) -> list[Score]:
        """Figures of some fields per key, customers only; an empty one is to be mended only where it is `asked` for."""
        among = self._checked.in_scope
        codes, names = pd.factorize(keys[among], sort=True)
        filled = self._filled[among, chosen]
        wrong = {aspect: marks[among, chosen] & filled for aspect, marks in self._wrong.items()}
        amiss = (asked & ~filled.all(axis=1)) | np.logical_or.reduce([marks.any(axis=1) for marks in wrong.values()])
        if by != "field":
            amiss = amiss | self._found[among]

        def total(figures: np.ndarray) -> np.ndarray:
            return np.bincount(codes, weights=figures, minlength=len(names))

        customers, full = total(np.ones(len(codes))), total(filled.sum(axis=1))
        mend, revenue = total(amiss), total(np.where(amiss, self._revenue[among], 0))
        bad = {aspect: total(marks.sum(axis=1)) for aspect, marks in wrong.items()}
        width = filled.shape[1]
        return [
            Score(
                by,
                str(name),
                int(customers[n]),
                int(mend[n]),
                round(float(revenue[n])),
                float(full[n] / (customers[n] * width)) if width else None,
                *(float(1 - bad[aspect][n] / full[n]) if full[n] else None for aspect in _KINDS),
            )
            for n, name in enumerate(names)
        ]


def field_label(model: Model, name: str) -> str:
    """How people call a field of the scores."""
    words = {str(key): word.capitalize() for key, word in OUTPUTS.items()}
    known = rule_fields(model)
    return words.get(name) or (known[name].label if name in known else name)
