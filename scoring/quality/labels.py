"""Rules about words: a label the model does not know, a product that is not in the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd
from rapidfuzz import fuzz, process, utils

from scoring.fields import rule_fields
from scoring.model_conditions import several
from scoring.model_types import Model, RuleKey, Severity
from scoring.quality.finding import Checked, Problem, name_of
from scoring.rules import lower_first, parts, tested_fields

#: Similarity (0-100) from which a known word is offered as the one that was meant.
_CLOSE = 80


class UnknownLabel:
    """An account's text is not in the model's vocabulary, so no rule understands it."""

    id: RuleKey = "unknown_label"
    title = "Unknown label"
    severity: Severity = "medium"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        deciding = set(tested_fields([rule.require for rule in checked.model.scope]))
        for name, vocabulary in checked.model.vocabulary.items():
            known = [*vocabulary.values, *vocabulary.labels]
            unknown = unknown_words(checked, name)
            wrong = (unknown != "").to_numpy(dtype=bool)
            # A label that decides who is a customer may have put its account out of scope by mistake.
            among = wrong if name in deciding else wrong & checked.in_scope
            label = rule_fields(checked.model)[name].label
            times = unknown[among].value_counts()
            for row in checked.rows("account", among, word=unknown.to_numpy()):
                value = str(row["word"])
                yield Problem(
                    "account",
                    row,
                    row["id"],
                    name,
                    value,
                    f'{name_of(row)} has the {lower_first(label)} "{value}", which the model does not know.',
                    self._fix(value, known, checked.model, name) + others(int(times[value]), "customer"),
                )

    @staticmethod
    def _fix(value: str, known: Sequence[str], model: Model, name: str) -> str:
        near = closest(value, known) or ""
        meant = model.vocabulary[name].labels.get(near, near)
        if meant:
            return f"Change it to {meant}, if that is meant."
        return "Choose a known one on the account, or have the model's vocabulary extended."


def unknown_words(checked: Checked, name: str) -> pd.Series:
    """Per account the word in a field that its vocabulary lacks, "" where there is none."""
    vocabulary = checked.model.vocabulary[name]
    known = [*vocabulary.values, *vocabulary.labels]
    return _unknown(checked.column("account", name), known, name in several(checked.model))


def meant_word(checked: Checked, name: str, word: str) -> str:
    """The known value that an unknown word of a field seems to stand for, "" where none is close."""
    vocabulary = checked.model.vocabulary[name]
    found = closest(word, [*vocabulary.values, *vocabulary.labels]) or ""
    return vocabulary.labels.get(found, found)


def others(times: int, noun: str) -> str:
    """A sentence on how often else the same fault is there, "" for once."""
    if times < 2:
        return ""
    return f" The same word is on {times - 1:,} other {noun}{'' if times == 2 else 's'}."


def _unknown(held: pd.Series, known: Sequence[str], listed: bool) -> pd.Series:
    """Per account the word that is not among the known ones, "" where there is none.

    `listed`: the field holds several values, of which the first unknown one is told.
    """
    folded = {word.strip().casefold() for word in known}
    answers = {
        text: next((part for part in (parts(text) if listed else [text]) if part.casefold() not in folded), "")
        for text in held.unique()
        if text
    }
    return pd.Series([answers.get(text, "") for text in held], index=held.index, dtype=object)


class UnknownProduct:
    """A deal names a product that the catalogue does not have."""

    id: RuleKey = "unknown_product"
    title = "Unknown product"
    severity: Severity = "low"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        if not checked.has("opportunity", "product_name") or "product" not in checked:
            return
        products = [name for name in dict.fromkeys(checked.column("product", "name")) if name]
        codes = checked.column("product", "code")
        folded = {word.casefold() for word in (*products, *codes)}
        held = checked.column("opportunity", "product_name")
        wrong = ((held != "") & ~held.str.casefold().isin(folded)).to_numpy(dtype=bool)
        times = held[wrong].value_counts()
        meant = {value: closest(value, products) for value in dict.fromkeys(held[wrong])}
        for row in checked.rows("opportunity", wrong):
            value = str(row["product_name"]).strip()
            fix = f"Change it to {meant[value]}, if that is meant." if meant[value] else "Choose a product of the list."
            fix += others(int(times[value]), "deal")
            account = row.get("account_id")
            yield Problem(
                "opportunity",
                row,
                str(account) if account else None,
                "product_name",
                value,
                f'Opportunity {name_of(row)} names the product "{value}", which is not in the catalogue.',
                fix,
            )


def closest(value: str, known: Sequence[str]) -> str | None:
    """The known word that is spelt most alike, None when none is near."""
    found = process.extractOne(value, known, scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=_CLOSE)
    return str(found[0]) if found else None
