"""Rule on groups: an account whose group cannot be told, because of the parent it names."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.groups import tree
from scoring.model.shape import RuleKey, Severity
from scoring.quality import across
from scoring.quality.finding import Checked, Problem, name_of


class GroupStructure:
    """A parent that is not there, or parents that lead in a circle; only where the model has groups."""

    id: RuleKey = "group_structure"
    title = "Group structure"
    severity: Severity = "medium"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        if not checked.model.groups.enabled or not checked.has("account", "parent_id"):
            return
        ids, known = checked.column("account", "id"), across.of(checked).accounts
        found = tree(known["id"].tolist(), known["parent"].tolist())
        wrong = ids.isin({*found.absent, *found.circles}).to_numpy(dtype=bool)
        for row in checked.rows("account", wrong & checked.in_scope):
            account = str(row["id"])
            if account in found.absent:
                message = (
                    f"{name_of(row)} names parent {found.absent[account]}, which is not there, so it leads its group."
                )
                fix = "Correct the parent account, clear it, or let the integration user see it."
            else:
                head = found.heads[account]
                message = (
                    f"{name_of(row)} is above itself: its parents lead in a circle, so {head} stands for the group."
                )
                fix = "Clear the parent of the company at the top of the group."
            yield Problem("account", row, account, "parent_id", str(row["parent_id"]), message, fix)
