"""A stored comparison as tables: what is named, and what is only counted."""

from __future__ import annotations

from admin import moves
from scoring.money import SCALE
from tests.scoring.frames import default


def test_accounts_that_are_not_kept_by_name_are_counted() -> None:
    named = [{"id": f"A{n}", "from": "gold", "to": "silver", "revenue": n * SCALE} for n in range(200)]
    told = moves.comparison({"moves": {"gold > silver": 203, "silver > gold": 4}, "accounts": named}, default())
    assert (told.moving, len(told.accounts), told.unnamed) == (207, 200, 7)
    assert moves.comparison({"moves": {"gold > silver": 200}, "accounts": named}, default()).unnamed == 0
