"""Words the model does not know, and products the catalogue does not have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process, utils

from scoring.model.stated_conditions import several
from scoring.quality.finding import Checked
from scoring.rules import parts, tested_fields

#: Similarity (0-100) from which a known word is offered as the one that was meant.
_CLOSE = 80


def unknown_words(checked: Checked, name: str) -> pd.Series:
    """Per account the word in a field that its vocabulary lacks, "" where there is none."""
    key = f"unknown words of {name}"
    if key not in checked.kept:
        vocabulary = checked.model.vocabulary[name]
        known = [*vocabulary.values, *vocabulary.labels]
        checked.kept[key] = _unknown(checked.column("account", name), known, name in several(checked.model))
    found: pd.Series = checked.kept[key]
    return found


def counted_words(checked: Checked, name: str) -> pd.Series:
    """The same of the accounts where it is a fault: customers, and where the field decides who is one, all of them."""
    unknown = unknown_words(checked, name)
    # A label that decides who is a customer may have put its account out of scope by mistake.
    if name in set(tested_fields([rule.require for rule in checked.model.scope])):
        return unknown
    return unknown.where(checked.in_scope, "")


def meant_word(checked: Checked, name: str, word: str) -> str:
    """The known value that an unknown word of a field seems to stand for, "" where none is close."""
    vocabulary = checked.model.vocabulary[name]
    found = closest(word, [*vocabulary.values, *vocabulary.labels]) or ""
    return vocabulary.labels.get(found, found)


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


def unknown_products(checked: Checked) -> np.ndarray:
    """Deals that name a product which is not in the catalogue; none where there is no catalogue."""
    if not checked.has("opportunity", "product_name") or "product" not in checked:
        return np.zeros(len(checked.records.get("opportunity", ())), dtype=bool)
    names = (*checked.column("product", "name"), *checked.column("product", "code"))
    held = checked.column("opportunity", "product_name")
    known = held.str.casefold().isin({word.casefold() for word in names if word})
    return np.asarray(((held != "") & ~known).to_numpy(dtype=bool))


def closest(value: str, known: Sequence[str]) -> str | None:
    """The known word that is spelt most alike, None when none is near."""
    found = process.extractOne(value, known, scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=_CLOSE)
    return str(found[0]) if found else None
