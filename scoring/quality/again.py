"""Checking again what changed: with the same findings in the end as a check of everything.

What is true of all accounts is known from the check before (`Across`), and brought up to date with the accounts that
changed. From it follows on which others something else may be found now: their children, accounts that may be the same
company, and those whose finding says how often else a word is there. All of these are checked, the others are not read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cached_property

from scoring import quality
from scoring.model.shape import Model
from scoring.quality import across, duplicates
from scoring.quality.across import Across
from scoring.quality.finding import Checked, Finding

#: Kinds of which every record that can be wrong is read each time.
_WHOLE = frozenset({"order", "user", "product"})


@dataclass(frozen=True)
class Again:
    """What was found in the accounts that were looked at, and what is known of all of them now."""

    findings: list[Finding]
    accounts: frozenset[str]
    known: Across

    def speaks_of(self, kind: str, account_id: str | None) -> bool:
        """Whether a finding on such a record stands only if it is among these."""
        return kind in _WHOLE or not account_id or account_id in self.accounts or account_id not in self._there

    @cached_property
    def _there(self) -> frozenset[str]:
        """All accounts: of what names none of them, every record is read."""
        return frozenset(self.known.accounts["id"])


def check(read: Callable[[Collection[str]], Checked], before: Across, changed: Collection[str]) -> Again:
    """What the rules find now, where something else may be found than before.

    Args:
        read: gives the records of some accounts (ids that are no account's are passed over), with their deals and those
            of no account; orders, users and products whole.
        before: what was known when everything else was checked.
        changed: accounts of which a record, a score or the owner is new, different or gone.
    """
    fresh = read(changed)
    known = before.replaced(changed, across.seen(fresh))
    wanted = _affected(before, known, set(changed), fresh.model)
    checked = replace(read(wanted), known=known)
    return Again(quality.check(checked), frozenset(wanted), known)


def _affected(before: Across, known: Across, changed: set[str], model: Model) -> set[str]:
    """Accounts on which another finding may be."""
    found = set(changed)
    accounts = known.accounts
    found |= set(accounts.loc[accounts["parent"].isin(changed), "id"])
    rule = model.quality.rules.duplicate_account
    if rule.enabled:
        found |= duplicates.affected(before.accounts, accounts, changed, rule.similarity)
    theirs = [each.accounts[each.accounts["id"].isin(changed)] for each in (before, known)]
    for name in model.vocabulary:
        column = across.WORD + name
        words = {*theirs[0][column], *theirs[1][column]} - {""}
        found |= set(accounts.loc[accounts[column].isin(words), "id"])
    return found | _with_products(before, known, changed)


def _with_products(before: Across, known: Across, changed: set[str]) -> set[str]:
    """Accounts of deals that name an unknown product which is now named more or less often."""
    counts = [each.deals["word"].value_counts() for each in (before, known)]
    words = {word for word in {*counts[0].index, *counts[1].index} if counts[0].get(word, 0) != counts[1].get(word, 0)}
    deals = known.deals
    return set(deals.loc[deals["word"].isin(words), "account"]) - {""}
