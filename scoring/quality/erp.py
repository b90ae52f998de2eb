"""Rule on the ERP's customer master: what it says about an account beside what the CRM says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from rapidfuzz import fuzz

from scoring.model.fields import rule_fields
from scoring.model.quality import ErpColumn, Side
from scoring.model.shape import RuleKey, Severity
from scoring.names import words
from scoring.quality.finding import Checked, Problem, Row, name_of
from scoring.quality.values import account_problem
from scoring.rules import lower_first

#: Kind of the ERP's customers in the mirror; `account_id` is the account of the CRM that each belongs to.
KIND = "customer"
_BLOCKED = "is_blocked"
#: Likeness (0-100) from which two names are one name spelt in two ways.
_SPELLING = 85
#: Country codes that stand beside the official ones.
_SAME = {"uk": "gb", "el": "gr"}
_WORDS = {"vat_id": "VAT id", "external_id": "external id"}


class CrmErpDisagree:
    """A column of which CRM and ERP say different things, and the ERP's block of a customer who is being sold to.

    Case, accents, blanks, punctuation and legal form are no difference, nor is a name with words left out. A code
    beside a word ("FI", "Finland") is none either, unless the model translates it, nor a country code of two letters
    beside one of three, nor a VAT id with its country beside one without. Of several ERP customers one may agree.
    """

    id: RuleKey = "crm_erp_disagree"
    title = "CRM and ERP disagree"
    severity: Severity = "medium"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        if not checked.has(KIND, "account_id"):
            return
        place = checked.place(KIND, "account_id")
        among = (place >= 0) & np.append(checked.in_scope, False)[place]
        for name, column in checked.model.quality.rules.crm_erp_disagree.columns.items():
            if not checked.has(KIND, name):
                continue
            if name == _BLOCKED:
                yield from self._blocked(checked, place, among)
            elif checked.has("account", name):
                yield from self._different(checked, name, column, place, among)

    def _different(
        self, checked: Checked, name: str, column: ErpColumn, place: np.ndarray, among: np.ndarray
    ) -> Iterator[Problem]:
        told = checked.column(KIND, name).to_numpy()
        held = np.append(checked.column("account", name).to_numpy(), "")[place]
        differs = among & (told != "") & (held != "") & (told != held)
        differs[differs] = _disagree(name, held[differs], told[differs], _codes(column, checked, name))
        agrees = np.unique(place[among & (told != "") & ~differs])
        customers = pd.DataFrame({"place": place, "id": checked.column(KIND, "id").to_numpy(), "told": told})
        first = customers[differs & ~np.isin(place, agrees)].sort_values("id").drop_duplicates("place")
        wrong = np.zeros(len(checked.in_scope), dtype=bool)
        customer, said = (np.full(len(wrong), "", dtype=object) for _ in range(2))
        wrong[first["place"]] = True
        customer[first["place"]], said[first["place"]] = first["id"], first["told"]
        word = _WORDS.get(name) or lower_first(rule_fields(checked.model)[name].label)
        for row in checked.rows("account", wrong, customer=customer, said=said):
            yield _problem(row, name, word, column.trust)

    @staticmethod
    def _blocked(checked: Checked, place: np.ndarray, among: np.ndarray) -> Iterator[Problem]:
        """Customers whose ERP records are all blocked, with open deals."""
        if not checked.has("opportunity", "account_id"):
            return
        flags = checked.flags(KIND, _BLOCKED)
        blocked = np.zeros(len(checked.in_scope) + 1, dtype=bool)
        blocked[place[among & flags]] = True
        blocked[place[among & ~flags]] = False
        deals = checked.place("opportunity", "account_id")[~checked.flags("opportunity", "is_closed")]
        sold_to = np.bincount(deals[deals >= 0], minlength=len(checked.in_scope))
        for row in checked.rows("account", blocked[:-1] & (sold_to > 0), deals=sold_to):
            number = int(row["deals"])
            selling = f"{number} open deal{'' if number == 1 else 's'}"
            yield account_problem(
                row,
                _BLOCKED,
                None,
                f"{name_of(row)} is blocked in the ERP, and has {selling} in the CRM.",
                "Find out why it is blocked before you sell more; close the deals, or have the block lifted.",
            )


def _problem(row: Row, name: str, word: str, trusted: Side) -> Problem:
    held, said, customer = str(row[name]).strip(), row["said"], row["customer"]
    fix = f"Change the {word} to {said} in the CRM; if it is wrong, have it corrected in the ERP."
    if trusted == "crm":
        fix = f"Have the {word} of customer {customer} corrected in the ERP; if {said} is right, enter it in the CRM."
    return account_problem(
        row,
        name,
        held,
        f"{name_of(row)} has the {word} {held} in the CRM and {said} in the ERP (customer {customer}); "
        f"the model trusts the {trusted.upper()}.",
        fix,
    )


def _codes(column: ErpColumn, checked: Checked, name: str) -> Mapping[str, str]:
    """What codes and labels stand for, in small letters."""
    vocabulary = checked.model.vocabulary.get(name)
    labels = {**(vocabulary.labels if vocabulary else {}), **column.codes}
    return {key.casefold(): value for key, value in labels.items()}


def _disagree(name: str, held: np.ndarray, told: np.ndarray, codes: Mapping[str, str]) -> np.ndarray:
    """Which pairs of texts of a column mean different things, as far as that can be told."""
    number, pairs = pd.factorize(pd.MultiIndex.from_arrays([held, told]))
    sides = [[codes.get(text.casefold(), text) for text in pairs.get_level_values(side)] for side in (0, 1)]
    plain = [words(pd.Series(side, dtype=object)).tolist() for side in sides]
    different = _DIFFERENT.get(name, _other_word)
    found = [different(*texts) for texts in zip(*plain, strict=True)]
    return np.array(found, dtype=bool)[number]


def _other_key(held: str, told: str) -> bool:
    return _squeezed(held).lstrip("0") != _squeezed(told).lstrip("0")


def _other_name(held: str, told: str) -> bool:
    numbers = [sorted(re.findall(r"\d+", text)) for text in (held, told)]
    if all(numbers) and numbers[0] != numbers[1]:
        return True
    return max(fuzz.ratio(_squeezed(held), _squeezed(told)), fuzz.token_set_ratio(held, told)) < _SPELLING


def _other_word(held: str, told: str) -> bool:
    if _squeezed(held) == _squeezed(told) or _is_code(held) != _is_code(told):
        return False
    return fuzz.ratio(held, told) < _SPELLING


def _other_country(held: str, told: str) -> bool:
    """Codes of two and of three letters are of two lists, which nobody compares by spelling ("ES", "ESP")."""
    here, there = _SAME.get(held, held), _SAME.get(told, told)
    codes = all(text.isascii() and text.isalpha() for text in (here, there))
    return not (codes and {len(here), len(there)} == {2, 3}) and _other_word(here, there)


def _other_vat_id(held: str, told: str) -> bool:
    """The country's two letters stand before the number, or are left out."""
    here, there = _squeezed(held), _squeezed(told)
    bare = [text[2:] if text[:2].isalpha() else text for text in (here, there)]
    return _other_key(here, there) and (here[:2].isalpha() == there[:2].isalpha() or _other_key(*bare))


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def _is_code(text: str) -> bool:
    """Whether it is written like a code: short, or with digits."""
    return (text.isascii() and len(text) <= 3) or any(sign.isdigit() for sign in text)


_DIFFERENT = {
    "name": _other_name,
    "country": _other_country,
    "vat_id": _other_vat_id,
    "external_id": _other_key,
}
