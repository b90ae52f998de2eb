"""Rules on accounts that belong together: a company of a group and its parent."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from scoring.model.shape import RuleKey, Severity
from scoring.quality import across
from scoring.quality.finding import Checked, Problem, name_of
from scoring.quality.values import OUTPUTS, OWN, account_problem, labels


class ParentChild:
    """A value that a company of a group should share with its parent, and does not."""

    id: RuleKey = "parent_child"
    title = "Parent and child disagree"
    severity: Severity = "medium"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        agree = checked.model.quality.rules.parent_child.agree
        if not agree or not checked.has("account", "parent_id"):
            return
        named = checked.column("account", "parent_id")
        known = across.of(checked).accounts
        known = known[known["id"].isin(set(named) - {""})].drop_duplicates("id", keep=False)
        place = pd.Index(known["id"]).get_indexer(pd.Index(named))
        parents = np.append(known["name"].to_numpy(dtype=object), "")[place]
        among = checked.in_scope & np.append(known["in_scope"].to_numpy(dtype=bool), False)[place]
        for output in agree:
            names, word = labels(checked.model, output), OUTPUTS[output]
            held = checked.column("account", OWN + output)
            own = held.where(held.isin(set(names)), "").to_numpy()
            theirs = known[across.HELD + output]
            above = np.append(theirs.where(theirs.isin(set(names)), "").to_numpy(dtype=object), "")[place]
            wrong = among & (own != "") & (above != "") & (own != above)
            for row in checked.rows("account", wrong, above=above, parent=parents):
                value, other = str(row[OWN + output]).strip(), names[str(row["above"])]
                parent = row["parent"] or row["parent_id"]
                yield account_problem(
                    row,
                    output,
                    value,
                    f"{name_of(row)} has the {word} {names[value]}, and its parent {parent} has {other}.",
                    f"Choose the same {word} for both, or remove the parent if they are not one group.",
                )
