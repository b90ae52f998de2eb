"""The model's section on two CRMs says what is wrong with it."""

from __future__ import annotations

import pytest

from scoring import model as models
from scoring import presets


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("count_once: {order: nmber}", "'nmber' is no column of order records."),
        ("count_once: {order: id}", "'id' is another in each CRM"),
        ("conflicts: {segment: hubspt}", "two_crms.conflicts.segment"),
        ("conflicts: {tier: ask}", "two_crms.conflicts"),
        ("similarity: 20", "two_crms.similarity"),
    ],
)
def test_what_cannot_be_is_named_with_its_place(text: str, said: str) -> None:
    with pytest.raises(models.ModelError) as caught:
        models.parse(presets.text("default") + f"\ntwo_crms: {{{text}}}\n")
    assert said in str(caught.value)
    assert "two_crms" in str(caught.value)


def test_a_value_that_tierline_does_not_fill_is_never_carried() -> None:
    text = presets.text("default").replace("  segment: {policy: fill", "  segment: {policy: suggest")
    assert "policy: suggest" in text
    with pytest.raises(models.ModelError, match="has the policy suggest"):
        models.parse(text + "\ntwo_crms: {conflicts: {segment: carry}}\n")
