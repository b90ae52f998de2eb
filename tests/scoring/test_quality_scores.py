"""Figures of data quality: counted by hand from planted faults."""

from __future__ import annotations

import pytest

from scoring import quality
from scoring.quality import Checked
from scoring.quality.scores import By, Score
from tests.scoring import planted
from tests.scoring.frames import DAY

MODEL = planted.model()


def scores(**faults: dict[int, object]) -> dict[tuple[By, str], Score]:
    """Of ten customers of which the numbered ones hold other values in a column."""
    org = planted.clean(5, 10, MODEL)
    for column, changes in faults.items():
        for number, value in changes.items():
            org.accounts[number][column] = value
    table = org.scores(MODEL)
    table["revenue"] = range(1, 11)
    checked = Checked(org.records(), table, MODEL, DAY, planted.TODAY)
    return {(each.by, each.key): each for each in quality.figures(checked, quality.check(checked))}


def test_without_a_fault_every_share_is_whole() -> None:
    found = scores()
    assert {by for by, _ in found} == {"all", "field", "segment", "owner"}
    assert found.pop(("field", "running_hours")).completeness == 0.0, "nobody asks for it, so it is nothing to mend"
    for each in found.values():
        assert (each.to_mend, each.revenue, each.completeness, each.validity) == (0, 0, 1.0, 1.0)


def test_what_is_empty_is_incomplete_and_says_nothing_about_the_rest() -> None:
    found = scores(own_segment={0: None, 1: None}, own_value_profile={0: ""})
    assert found["field", "segment"].completeness == 0.8
    assert found["field", "value_profile"].completeness == 0.9
    everything = found["all", ""]
    assert everything.completeness == pytest.approx(27 / 30)
    assert (everything.to_mend, everything.revenue, everything.validity) == (2, 3, 1.0)
    assert found["segment", ""].customers == 2
    assert sum(each.customers for (by, _), each in found.items() if by == "owner") == 10


def test_each_finding_counts_under_its_own_aspect() -> None:
    found = scores(own_segment={0: "old"}, industry={3: "Enrgy"}, running_hours={4: 99_999})
    assert found["field", "segment"].validity == 0.9
    assert found["field", "industry"].validity == 0.9
    assert found["field", "running_hours"].validity == 0.0
    assert found["field", "running_hours"].completeness == 0.1
    assert found["all", ""].validity == pytest.approx(29 / 30)
    assert found["all", ""].to_mend == 3


def test_long_unconfirmed_values_are_not_fresh() -> None:
    found = scores(operation_mode={2: None}, own_value_profile_date={2: planted.OLD})
    assert found["field", "value_profile"].timeliness == 0.9
    assert found["field", "segment"].timeliness == 1.0


def test_nobody_in_scope_has_no_shares() -> None:
    assert scores(type=dict.fromkeys(range(10), "Partner")) == {}
