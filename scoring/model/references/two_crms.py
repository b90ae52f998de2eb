"""What types alone cannot see in the model's section on two CRMs."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.model.fields import COLUMNS
from scoring.model.shape import Model


def flaws(model: Model) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Where it is, what is wrong, and what is allowed."""
    for kind, column in model.two_crms.count_once.items():
        if column not in COLUMNS[kind]:
            known = ", ".join(sorted(COLUMNS[kind] - {"id", "account_id", "modified_at"}))
            yield ("count_once", kind), f"'{column}' is no column of {kind.replace('_', ' ')} records.", known
        elif column in ("id", "account_id", "modified_at"):
            message = f"'{column}' is another in each CRM, so no record would be found in both."
            yield ("count_once", kind), message, "a column that both CRMs hold alike, such as number"
    for key, chosen in model.two_crms.conflicts.items():
        policy = model.policy(key).policy
        if chosen != "ask" and policy != "fill":
            message = f"'{chosen}' would write the {key.replace('_', ' ')}, but `fields.{key}` has the policy {policy}."
            yield ("conflicts", key), message, f"ask, or fields: {key}: {{policy: fill}}"
