"""What rules that look across accounts know of all of them: one short row each, kept from one check to the next.

With it a few changed accounts can be checked alone, and still be held against every other one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scoring import names
from scoring.quality.finding import Checked
from scoring.quality.vocabulary import counted_words, unknown_products

#: Values that people choose, of which a row holds the one in the CRM and the one that the rules give.
CHOSEN = ("segment", "sub_segment", "value_profile")
HELD, COMPUTED, WORD = "held_", "computed_", "word_"


@dataclass(frozen=True)
class Across:
    """Rows of all accounts of a connection, and of its deals that name an unknown product.

    Attributes:
        accounts: id, name, in_scope, owner, parent (ids, "" for none), made (day); the name as it is compared (key:
            words in order, squeezed, digits), country and external id; held_ and computed_ per chosen value; and word_
            per field with a vocabulary, "" where the vocabulary has it.
        deals: id, account, word.
    """

    accounts: pd.DataFrame
    deals: pd.DataFrame

    def replaced(self, accounts: Collection[str], fresh: Across) -> Across:
        """With these accounts as they are in `fresh`, or gone; of deals also those that belong to no account."""
        gone = set(accounts)
        kept = self.accounts[~self.accounts["id"].isin(gone)]
        now = pd.concat([kept, fresh.accounts[fresh.accounts["id"].isin(gone)]], ignore_index=True)
        old = self.deals[~self.deals["account"].isin(gone) & ~self.deals["id"].isin(set(fresh.deals["id"]))]
        old = old[old["account"].isin(set(old["account"]) & set(now.loc[now["id"].isin(set(old["account"])), "id"]))]
        return Across(now, pd.concat([old, fresh.deals], ignore_index=True))


def of(checked: Checked) -> Across:
    """The rows of all accounts and deals: those that are known, or those of the records that are checked."""
    return checked.known or seen(checked)


def seen(checked: Checked) -> Across:
    """The rows of the accounts and deals that are checked."""
    if "across" not in checked.kept:
        checked.kept["across"] = Across(_accounts(checked), _deals(checked))
    found: Across = checked.kept["across"]
    return found


def _accounts(checked: Checked) -> pd.DataFrame:
    columns: dict[str, pd.Series | np.ndarray] = {
        "id": checked.column("account", "id"),
        "name": checked.column("account", "name"),
        "in_scope": checked.in_scope,
        "owner": checked.column("account", "owner_id"),
        "parent": checked.column("account", "parent_id"),
    }
    for name in CHOSEN:
        columns[HELD + name] = checked.column("account", f"own_{name}")
        computed = checked.scored(name)
        columns[COMPUTED + name] = np.where(pd.isna(computed), "", computed)
    for name in checked.model.vocabulary:
        columns[WORD + name] = counted_words(checked, name)
    if checked.model.quality.rules.duplicate_account.enabled:
        columns |= _compared(checked)
    return pd.DataFrame({name: np.asarray(values) for name, values in columns.items()})


def _compared(checked: Checked) -> dict[str, pd.Series | np.ndarray]:
    """What possible duplicates are found by."""
    return {
        **names.compared(checked.column("account", "name")),
        "country": checked.column("account", "country").str.casefold(),
        "external": checked.column("account", "external_id").str.casefold(),
        "made": checked.day("account", "created_at").astype("datetime64[s]"),
    }


def _deals(checked: Checked) -> pd.DataFrame:
    wrong = unknown_products(checked)
    columns = {"id": "id", "account": "account_id"}
    held = {name: checked.column("opportunity", column)[wrong] for name, column in columns.items()}
    word = checked.column("opportunity", "product_name")[wrong]
    return pd.DataFrame({**held, "word": word}, dtype=object).reset_index(drop=True)
