"""Rule on companies in two CRMs: people chose one value here and another there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scoring.model.shape import RuleKey, Severity
from scoring.model.two_crms import HumanKey
from scoring.quality.finding import Checked, Problem, name_of
from scoring.quality.values import OUTPUTS, account_problem, labels


@dataclass(frozen=True)
class Difference:
    """One value of a company that its two records do not agree on.

    Attributes:
        here, there: the values, None for none; `base` what both held before, None for nothing, "" where unknown.
        edited_here, edited_there: who set them and when, in words, "" where the CRM does not say.
        both_edited: they were changed in both since they agreed.
        crm_here, crm_there: names of the connections; record_there: id of the other record; owner_there: its owner.
    """

    key: HumanKey
    here: str | None
    there: str | None
    base: str | None
    edited_here: str
    edited_there: str
    both_edited: bool
    crm_here: str
    crm_there: str
    record_there: str
    owner_there: str


class CrmsDiffer:
    """A person has to say which of two values holds; it is told once, to the owner of the record that leads."""

    id: RuleKey = "crms_differ"
    title = "Two CRMs differ"
    severity: Severity = "high"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        if not checked.differing:
            return
        differs = checked.column("account", "id").isin(set(checked.differing)).to_numpy(dtype=bool)
        for row in checked.rows("account", differs & checked.in_scope):
            for each in checked.differing[str(row["id"])]:
                names = labels(checked.model, each.key)
                here, there = (_side(names, *side) for side in _sides(each))
                message = f"The {OUTPUTS[each.key]} of {name_of(row)} is {here}, and {there}. {_cause(each, names)}"
                owner = f", who is {each.owner_there}'s there" if each.owner_there else ""
                fix = (
                    f"Agree on one value and enter it in both: here, and on record {each.record_there} in "
                    f"{each.crm_there}{owner}."
                )
                yield account_problem(row, each.key, each.here, message, fix, f"{each.crm_there}: {each.there or ''}")


def _sides(each: Difference) -> tuple[tuple[str | None, str, str], tuple[str | None, str, str]]:
    return (each.here, each.crm_here, each.edited_here), (each.there, each.crm_there, each.edited_there)


def _side(names: dict[str, str], value: str | None, crm: str, edited: str) -> str:
    said = names.get(value, value) if value else "empty"
    return f"{said} in {crm}{f' ({edited})' if edited else ''}"


def _cause(each: Difference, names: dict[str, str]) -> str:
    held = f"{names.get(each.base, each.base)} in both" if each.base else "empty in both"
    if each.both_edited:
        return f"Both were changed since it was {held}; Tierline does not choose between two people."
    return "" if each.base == "" else f"It was {held} before."
