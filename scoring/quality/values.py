"""Rules about the values we publish: missing, not in the list, sub-segment of another segment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from scoring.model.fields import rule_fields
from scoring.model.shape import Model, OutputKey, RuleKey, Severity
from scoring.quality.finding import Checked, Problem, Row, name_of
from scoring.quality.vocabulary import meant_word, unknown_words
from scoring.rules import lower_first, tested_fields

#: Prefix of the account's columns that hold what stands in the CRM now.
OWN = "own_"
OUTPUTS: Mapping[OutputKey, str] = {
    "segment": "segment",
    "sub_segment": "sub-segment",
    "value_profile": "value profile",
    "tier": "tier",
}


def labels(model: Model, output: OutputKey) -> dict[str, str]:
    """Key -> label of the values this output may have."""
    if output == "segment":
        return {segment.key: segment.label for segment in model.segments}
    if output == "sub_segment":
        return {sub.key: sub.label for segment in model.segments for sub in segment.sub_segments}
    if output == "value_profile":
        return {profile.key: profile.label for profile in model.value_profile.profiles}
    return {key: model.tiers.label(key) for key in model.tiers.keys}


class MissingValue:
    """A customer lacks a value that the model makes mandatory."""

    id: RuleKey = "missing"
    title = "Value missing"
    severity: Severity = "medium"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        for output, word in OUTPUTS.items():
            if not checked.model.policy(output).mandatory or not checked.has("account", OWN + output):
                continue
            empty = (checked.column("account", OWN + output) == "").to_numpy(dtype=bool)
            among = checked.in_scope & empty
            computed, why = checked.scored(output), checked.scored(f"{output}_why")
            cause = _misspelt(checked, output, among)
            for row in checked.rows("account", among, computed=computed, why=why, cause=cause):
                yield account_problem(
                    row,
                    output,
                    None,
                    f"{name_of(row)} has no {word}. {self._because(row, output, checked.model)}",
                    self._fix(row, output, checked.model),
                )

    @staticmethod
    def _because(known: Row, output: OutputKey, model: Model) -> str:
        computed, why = known["computed"], str(known["why"] or "")
        if computed:
            label = labels(model, output).get(str(computed), str(computed))
            return f"Tierline's rules suggest {label} ({lower_first(why)})." if why else f"Suggested: {label}."
        return f"Tierline could not fill it: {lower_first(why)}." if why else "Tierline could not fill it."

    @staticmethod
    def _fix(known: Row, output: OutputKey, model: Model) -> str:
        """What to do about the cause where it is known: the value then follows by itself."""
        word, why = OUTPUTS[output], str(known["why"] or "")
        if known["computed"]:
            label = labels(model, output).get(str(known["computed"]), str(known["computed"]))
            return f"Choose {label}, or another {word} if you know better."
        if known["cause"]:
            return f"{known['cause']}, and the {word} follows; or choose it on the account."
        if why.endswith(_ABSENT):
            return f"Enter the {lower_first(why.removesuffix(_ABSENT))}, and the {word} follows; or choose it yourself."
        return f"Choose the {word} on the account."


#: How the rules of the model say that a field they go by is empty.
_ABSENT = " is missing"


def tested(model: Model, output: str) -> list[str]:
    """Names of the fields that the rules for a value go by."""
    rules = {
        "segment": [rule for segment in model.segments for rule in segment.rules],
        "sub_segment": [rule for segment in model.segments for sub in segment.sub_segments for rule in sub.rules],
        "value_profile": [rule for axis in model.value_profile.axes for part in axis.classes for rule in part.rules],
    }
    return list(tested_fields(rules.get(output, [])))


def _misspelt(checked: Checked, output: OutputKey, among: np.ndarray) -> np.ndarray:
    """Per account what to change in a field that the rules of a value go by and whose word is unknown, else ""."""
    model, causes = checked.model, np.full(len(among), "", dtype=object)
    for name in tested(model, output):
        if name not in model.vocabulary:
            continue
        words = unknown_words(checked, name)
        label = lower_first(rule_fields(model)[name].label)
        for word in words[among & (words != "").to_numpy(dtype=bool)].unique():
            meant = meant_word(checked, name, word)
            told = f"Change the {label} to {meant}, if that is meant" if meant else f"Correct the {label}"
            causes[(words == word).to_numpy() & (causes == "")] = told
    return causes


class ValueNotInList:
    """A value that the model does not have, such as one of an older list."""

    id: RuleKey = "not_in_list"
    title = "Value not in the list"
    severity: Severity = "high"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        for output, word in OUTPUTS.items():
            known = labels(checked.model, output)
            held = checked.column("account", OWN + output)
            wrong = ((held != "") & ~held.isin(set(known))).to_numpy(dtype=bool)
            for row in checked.rows("account", checked.in_scope & wrong):
                value = str(row[OWN + output])
                yield account_problem(
                    row,
                    output,
                    value,
                    f'{name_of(row)} has the {word} "{value}", which is not in the list.',
                    f"Choose one of the list: {listed(list(known.values()))}.",
                )


class SubSegmentOfSegment:
    """The sub-segment belongs to another segment than the one chosen."""

    id: RuleKey = "sub_segment_of_segment"
    title = "Sub-segment of another segment"
    severity: Severity = "high"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        parents = {sub.key: segment for segment in checked.model.segments for sub in segment.sub_segments}
        segments = {segment.key: segment for segment in checked.model.segments}
        wrong = of_another_segment(checked)
        names = labels(checked.model, "sub_segment")
        for row in checked.rows("account", checked.in_scope & wrong):
            sub, segment = str(row[OWN + "sub_segment"]), segments[str(row[OWN + "segment"])]
            offered = listed([part.label for part in segment.sub_segments])
            yield account_problem(
                row,
                "sub_segment",
                sub,
                f"{name_of(row)} is in {segment.label}, but its sub-segment {names[sub]} belongs to "
                f"{parents[sub].label}.",
                f"Choose a sub-segment of {segment.label} ({offered}), or the segment {parents[sub].label}.",
            )


def of_another_segment(checked: Checked) -> np.ndarray:
    """Accounts whose segment and sub-segment are both in the model, and do not belong together."""
    parents = {sub.key: segment.key for segment in checked.model.segments for sub in segment.sub_segments}
    held, chosen = checked.column("account", OWN + "sub_segment"), checked.column("account", OWN + "segment")
    right, known = held.map(parents), {segment.key for segment in checked.model.segments}
    return np.asarray((right.notna() & chosen.isin(known) & (right != chosen)).to_numpy(dtype=bool))


def account_problem(row: Row, field: str, value: str | None, message: str, fix: str, against: str = "") -> Problem:
    return Problem("account", row, row["id"], field, value, message, fix, against)


def listed(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown
