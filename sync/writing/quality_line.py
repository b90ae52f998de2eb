"""PURE: the field of the account that says what is missing and what to check.

It is empty where nothing is: a list of accounts to mend is then one filter, and accounts without a fault cost no write.
Nobody has an opinion on it, so that, like the reason beside a tier, it is kept as it should be whoever changed it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.base import FieldSpec

ROLE = "data_quality"


def specs(names: Mapping[str, str]) -> list[FieldSpec]:
    """The field, where the model wants it."""
    if ROLE not in names:
        return []
    from scoring.quality.line import LONGEST  # brings what only checks need, and every command comes by here

    text = "What is missing on this account and what to check; empty when nothing is. Kept by Tierline."
    return [FieldSpec("account", names[ROLE], "Data quality", "text", help=text, length=LONGEST)]


def due(held: str | None, wanted: str | None, taken_back: Sequence[Any] | None, model_id: int) -> bool:
    """Whether the line is to be written: it says something else, and nobody took just this one back."""
    return held != wanted and list(taken_back or ()) != [wanted, model_id]
