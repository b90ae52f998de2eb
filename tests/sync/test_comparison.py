"""What a proposed calibration would move: who, whose accounts, and which open deals hang on it."""

from __future__ import annotations

import pandas as pd

from admin import moves
from sync.governance import comparison
from tests.scoring.frames import default

FRAME = pd.DataFrame(
    {
        "account_id": ["1", "2", "3", "4", "5"],
        "name": ["Kone", None, "Nordgas", "Stays", "Outside"],
        "owner_id": ["u1", "u1", "u9", "u1", None],
        "revenue": [100_0000, 900_0000, 50_0000, 7_0000, 0],
        "deals_open": pd.array([2, 0, 1, 5, None], dtype="Int64"),
        "open_amount": [30_0000, 0, 4_0000, 1_0000, 0],
    }
)
BEFORE = pd.Series(["gold", "gold", "silver", "gold", None], dtype=object)
AFTER = pd.Series(["silver", "silver", "gold", "gold", None], dtype=object)


def test_it_names_who_moves_with_owner_and_open_deals_the_largest_first() -> None:
    found = comparison.moved(FRAME, BEFORE, AFTER, {"u1": "Mika Laine"})
    assert found["moves"] == {"gold > silver": 2, "silver > gold": 1}
    assert [(each["name"], each["owner"], each["deals"]) for each in found["accounts"]] == [
        ("2", "Mika Laine", 0),
        ("Kone", "Mika Laine", 2),
        ("Nordgas", "u9", 1),
    ]
    assert found["owners"][0] == {"name": "Mika Laine", "accounts": 2, "deals": 2, "open_amount": 30_0000}
    assert found["deals"] == {"count": 3, "amount": 34_0000}
    assert found["shares"] == {"before": {"gold": 0.75, "silver": 0.25}, "after": {"silver": 0.5, "gold": 0.5}}


def test_where_nobody_moves_every_list_is_empty() -> None:
    found = comparison.moved(FRAME, BEFORE, BEFORE, {})
    assert (found["moves"], found["accounts"], found["owners"]) == ({}, [], [])
    assert found["deals"] == {"count": 0, "amount": 0}


def test_schemes_beside_the_companys_say_who_moves_who_gains_and_who_loses_a_tier() -> None:
    before = {"Business unit Medical": {"1": "gold", "2": "gold", "3": "silver"}, "Groups": {"1": "gold"}}
    after = {"Business unit Medical": {"1": "silver", "2": "gold", "4": "gold"}, "Business unit Marine": {"5": "gold"}}
    medical, groups, marine = comparison.beside(FRAME, before, after, {"u1": "Mika Laine"})
    assert (medical["name"], medical["customers"]) == ("Business unit Medical", 3)
    assert (medical["moves"], medical["gaining"], medical["losing"]) == ({"gold > silver": 1}, 1, 1)
    assert [(each["name"], each["owner"]) for each in medical["accounts"]] == [("Kone", "Mika Laine")]
    assert (groups["is_gone"], groups["losing"], groups["moves"]) == (True, 1, {})
    assert (marine["is_new"], marine["gaining"], marine["is_gone"]) == (True, 1, False)
    told = moves.comparison({"beside": [medical, groups, marine]}, default())
    assert [(side.name, side.sentence) for side in told.beside] == [
        ("Business unit Medical", "1 of 3 would move (33.3 %), 1 gets a tier in it, 1 loses its."),
        ("Groups", "It is gone: 1 loses its tier in it."),
        ("Business unit Marine", "It is new: 1 gets a tier in it."),
    ]


def test_a_comparison_of_an_earlier_version_knows_of_none_beside() -> None:
    assert moves.comparison({"moves": {"gold > silver": 2}, "customers": 5}, default()).beside == []
