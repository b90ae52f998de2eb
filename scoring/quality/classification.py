"""Rules on values people chose: at odds with the model or with everybody else's customers, or long unconfirmed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from scoring.model.mandatory import ChosenValue
from scoring.model.quality import Contradiction
from scoring.model.shape import RuleKey, Severity
from scoring.periods import months_before
from scoring.quality import across
from scoring.quality.finding import Checked, Problem, name_of
from scoring.quality.values import OUTPUTS, OWN, account_problem, labels, listed, of_another_segment
from scoring.rules import holds, lower_first, why

CHOSEN: tuple[ChosenValue, ...] = ("segment", "sub_segment", "value_profile")


class Contradicts:
    """The value does not go with what the account is or does, as the model's `contradictions` say."""

    id: RuleKey = "contradicts"
    title = "Contradicts the account"
    severity: Severity = "high"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        for output in CHOSEN:
            names, word = labels(checked.model, output), OUTPUTS[output]
            taken = np.zeros(len(checked.in_scope), dtype=bool)
            for rule in _naming(checked, output):
                wrong = _contradicted(rule, output, checked) & ~taken
                taken |= wrong
                if not wrong.any():
                    continue
                fitting = listed([names[key] for key in getattr(rule, output)])
                told = why(rule.when, checked.facts)
                for row in checked.rows("account", wrong, told=told):
                    value = str(row[OWN + output]).strip()
                    reason = rule.because or f"its {lower_first(str(row['told']))}, which goes with {fitting}"
                    yield account_problem(
                        row,
                        output,
                        value,
                        f"{name_of(row)} has the {word} {names[value]}, but {reason.rstrip('.')}.",
                        f"Choose a {word} that fits ({fitting}), or correct what speaks against {names[value]}.",
                        str(row["told"]),
                    )


def _naming(checked: Checked, output: ChosenValue) -> Iterator[Contradiction]:
    return (rule for rule in checked.model.quality.contradictions if getattr(rule, output))


def _contradicted(rule: Contradiction, output: ChosenValue, checked: Checked) -> np.ndarray:
    held = checked.column("account", OWN + output)
    wrong = held.isin(set(labels(checked.model, output))) & ~held.isin(set(getattr(rule, output)))
    return np.asarray(wrong.to_numpy(dtype=bool) & checked.in_scope & holds(rule.when, checked.facts))


def at_odds(checked: Checked, output: ChosenValue) -> Iterator[tuple[Contradiction, np.ndarray, np.ndarray]]:
    """Contradictions that some accounts' value meets: the rule, which accounts, and per account what it goes by."""
    for rule in _naming(checked, output):
        wrong = _contradicted(rule, output, checked)
        if wrong.any():
            yield rule, wrong, why(rule.when, checked.facts)


def unlike(checked: Checked, output: ChosenValue) -> np.ndarray:
    """Accounts whose value is one of the model's and another one than its rules give.

    A sub-segment is compared only within the segment that the rules give, and what a stricter rule finds is left to it.
    """
    held = checked.column("account", OWN + output)
    computed = checked.scored(output)
    found = held.isin(set(labels(checked.model, output))).to_numpy(dtype=bool) & checked.in_scope
    found &= pd.notna(computed) & (held.to_numpy() != computed)
    if output == "segment":
        found &= ~of_another_segment(checked)
    if output == "sub_segment":
        found &= checked.column("account", OWN + "segment").to_numpy() == checked.scored("segment")
        found &= ~of_another_segment(checked)
    if checked.model.quality.rules.contradicts.enabled:
        for rule in _naming(checked, output):
            found &= ~_contradicted(rule, output, checked)
    return np.asarray(found)


class UnlikeRules:
    """A person's value differs from what the model's rules give the account: one of the two is wrong."""

    id: RuleKey = "unlike_rules"
    title = "Unlike the model's rules"
    severity: Severity = "low"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        for output in CHOSEN:
            if checked.model.policy(output).policy == "machine":
                continue  # such a value is written again by the same run
            names, word = labels(checked.model, output), OUTPUTS[output]
            computed, told = checked.scored(output), checked.scored(f"{output}_why")
            for row in checked.rows("account", unlike(checked, output), computed=computed, told=told):
                value, meant = str(row[OWN + output]).strip(), names[str(row["computed"])]
                because = f", because {lower_first(str(row['told']))}" if row["told"] else ""
                yield account_problem(
                    row,
                    output,
                    value,
                    f"{name_of(row)} has the {word} {names[value]}; by the model's rules it is {meant}{because}.",
                    f"Choose {meant}. If {names[value]} is right, correct what the rule goes by.",
                    str(row["computed"]),
                )


class Stale:
    """A value set long ago that no rule of the model confirms: nobody knows whether it still holds."""

    id: RuleKey = "stale"
    title = "Long unconfirmed"
    severity: Severity = "low"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        months = checked.model.quality.rules.stale.months
        limit = np.datetime64(months_before(checked.as_of, months))
        for output in CHOSEN:
            if not checked.has("account", f"{OWN}{output}_date"):
                continue
            names, word = labels(checked.model, output), OUTPUTS[output]
            old = checked.day("account", f"{OWN}{output}_date") < limit  # a date that is not there is not old
            valid = checked.column("account", OWN + output).isin(set(names)).to_numpy(dtype=bool)
            unknown = pd.isna(checked.scored(output))
            told = checked.scored(f"{output}_why")
            for row in checked.rows("account", checked.in_scope & old & valid & unknown, told=told):
                value = str(row[OWN + output]).strip()
                since = str(row[f"{OWN}{output}_date"])[:10]
                cause = f" ({lower_first(str(row['told']))})" if row["told"] else ""
                yield account_problem(
                    row,
                    output,
                    value,
                    f"{name_of(row)} has had the {word} {names[value]} since {since}, and no rule confirms it{cause}.",
                    f"Check the {word}, and enter today as its date; better, fill in what the rule lacks.",
                )


class DefaultShare:
    """An owner who gave nearly all customers one value, unlike everybody else and unlike what the rules say.

    One finding per owner and value, not one per customer: the habit is what has to be talked about. A specialist,
    whose customers the rules put there too, is none; nor is an owner of a few.
    """

    id: RuleKey = "default_share"
    title = "Suspicious favourite value"
    severity: Severity = "medium"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        users = checked.column("user", "id")
        names = dict(zip(users, checked.column("user", "name"), strict=True))
        for output in CHOSEN:
            for each in _favourites(checked, output):
                yield self._problem(each, output, names, checked)

    @staticmethod
    def _problem(each: _Favourite, output: ChosenValue, names: Mapping[str, str], checked: Checked) -> Problem:
        label, word, owner = labels(checked.model, output)[each.value], OUTPUTS[output], names.get(each.owner, "")
        compared = [f"of everybody else's customers {each.base:.0%} have it"] if each.others else []
        compared += [f"the rules give it to {each.expected:.0%} of these"] if each.judged else []
        said = f"{each.held} of {each.total} customers of {owner or each.owner} ({each.held / each.total:.0%})"
        return Problem(
            "user",
            {"id": each.owner, "name": owner or each.owner, "owner_id": each.owner},
            None,
            output,
            each.value,
            f"{said} have the {word} {label}; {' and '.join(compared)}.",
            f"Go through them, largest first, and choose the {word} that fits each one.",
        )


class _Favourite:
    """One owner's most frequent value, in counts."""

    def __init__(self, owner: str, value: str, held: int, total: int, others: int, elsewhere: int) -> None:
        self.owner, self.value, self.held, self.total, self.others = owner, value, held, total, others
        self.base = elsewhere / others if others else 0.0
        self.judged, self.expected = 0, 0.0

    def is_suspicious(self, checked: Checked) -> bool:
        limits = checked.model.quality.rules.default_share
        if not (self.others >= limits.at_least or self.judged):
            return False  # nothing to compare with
        normal = max(self.base, self.expected)
        share = self.held / self.total
        # Two in a hundred thousand owners go this far from what is normal by chance.
        chance = 4 * float(np.sqrt(max(normal * (1 - normal), 0.01) / self.total))
        return share >= limits.share and share - normal >= max(limits.above, chance)


def _favourites(checked: Checked, output: ChosenValue) -> Iterator[_Favourite]:
    known = across.of(checked).accounts
    held, owners = known[across.HELD + output], known["owner"]
    valid = held.isin(set(labels(checked.model, output)))
    # Not in place: what pandas hands out may be read-only.
    counted = valid.to_numpy(dtype=bool) & known["in_scope"].to_numpy(dtype=bool) & (owners != "").to_numpy(dtype=bool)
    who, people = pd.factorize(owners[counted], sort=True)
    what, values = pd.factorize(held[counted], sort=True)
    size = (len(people), len(values))
    counts = np.bincount(who * size[1] + what, minlength=size[0] * size[1]).reshape(size)
    totals, by_value = counts.sum(axis=1), counts.sum(axis=0)
    computed = known[across.COMPUTED + output].to_numpy(dtype=object)[counted]
    limits = checked.model.quality.rules.default_share
    at_least = limits.at_least
    for owner in np.flatnonzero(totals >= at_least):
        place, total = int(counts[owner].argmax()), int(totals[owner])  # of several, the first by name
        number, value = int(counts[owner, place]), str(values[place])
        if number < total * limits.share:
            continue
        elsewhere = int(by_value[place]) - number
        each = _Favourite(str(people[int(owner)]), value, number, total, len(who) - total, elsewhere)
        theirs = computed[who == owner]
        judged = theirs[theirs != ""]
        if len(judged) * 2 >= at_least:
            each.judged, each.expected = len(judged), float((judged == value).mean())
        if each.is_suspicious(checked):
            yield each
