"""Which CRM account a row of a file belongs to: by external id, else by a name that a person has confirmed.

A name that looks alike is only a proposal. It is written to the review file, and counts when someone decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz, process

#: Legal forms and fillers: they tell companies apart from persons, not from each other.
_FORMS = frozenset(
    {
        *("ab", "aktiebolag", "ag", "as", "asa", "aps", "bv", "bvba", "co", "company", "corp", "corporation"),
        *("gmbh", "group", "holding", "inc", "incorporated", "kft", "kg", "limited", "llc", "llp", "ltd", "mbh"),
        *("nv", "ohg", "oy", "oyj", "plc", "pte", "pty", "sa", "sarl", "sas", "sl", "spa", "srl", "the", "and"),
    }
)
_WORD = re.compile(r"[^\W_]+")
#: Names below this similarity (0-100) are not proposed.
CLOSE_ENOUGH = 85.0


@dataclass(frozen=True)
class CrmAccount:
    """An account of the CRM as far as matching needs it."""

    id: str
    name: str
    external_id: str = ""


@dataclass(frozen=True)
class Proposal:
    """An account whose name looks like a name in the file; `score` is 0-100."""

    account_id: str
    account_name: str
    score: float


class AccountIndex:
    """The accounts of a CRM, found by external id or by a similar name."""

    def __init__(self, accounts: Iterable[CrmAccount]) -> None:
        self.by_id: dict[str, CrmAccount] = {}
        self._by_external: defaultdict[str, list[str]] = defaultdict(list)
        self._by_word: defaultdict[str, list[str]] = defaultdict(list)
        self._words: dict[str, str] = {}
        for account in accounts:
            self.by_id[account.id] = account
            if key := external_key(account.external_id):
                self._by_external[key].append(account.id)
            self._words[account.id] = name_key(account.name)
            for block in _blocks(self._words[account.id]):
                self._by_word[block].append(account.id)

    def with_external_id(self, external_id: str) -> tuple[str, ...]:
        """Ids of the accounts with this external id: none, one, or, if the CRM repeats it, several."""
        return tuple(self._by_external.get(external_key(external_id), ()))

    def similar(self, name: str) -> Proposal | None:
        """The account with the most similar name, if it is similar enough; the smaller id among equals."""
        wanted = name_key(name)
        candidates = {account_id for block in _blocks(wanted) for account_id in self._by_word.get(block, ())}
        choices = {account_id: self._words[account_id] for account_id in sorted(candidates)}
        best = process.extractOne(wanted, choices, scorer=fuzz.token_sort_ratio, score_cutoff=CLOSE_ENOUGH)
        if best is None:
            return None
        return Proposal(best[2], self.by_id[best[2]].name, round(best[1], 1))


def external_key(external_id: str) -> str:
    """An external id as it is compared: no spaces around, no case, and no leading zeros of a number, which
    spreadsheets drop.

    >>> external_key(" 000417 "), external_key("a-417")
    ('417', 'A-417')
    """
    key = external_id.strip().upper()
    return key.lstrip("0") if key.isdigit() else key


def name_key(name: str) -> str:
    """A company name as it is compared: no case, accents, punctuation or legal form.

    >>> name_key("Ärlig Öl AB"), name_key("The Arlig-Ol, Ltd.")
    ('arlig ol', 'arlig ol')
    """
    plain = "".join(char for char in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(char))
    words = _WORD.findall(plain)
    return " ".join([word for word in words if word not in _FORMS] or words)


def _blocks(key: str) -> set[str]:
    """Only names that share a word, or the start of one, are compared at all."""
    return {word[:4] for word in key.split()}
