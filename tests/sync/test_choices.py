"""What a person can choose, and what is likely right."""

from __future__ import annotations

import pytest

from scoring import presets
from sync.fixing import choices

MODEL = presets.load("default")
EMPTY = {"segment": "", "sub_segment": "", "value_profile": ""}
FIRST, SECOND = MODEL.segments[:2]


def test_only_pairs_that_belong_together_are_offered() -> None:
    offered = [choice for group in choices.offered(MODEL, "sub_segment", EMPTY) for choice in group.choices]
    parents = {sub.key: segment.key for segment in MODEL.segments for sub in segment.sub_segments}
    assert {choice.values["sub_segment"]: choice.values["segment"] for choice in offered} == parents
    with pytest.raises(choices.NoSuchChoice):
        choices.chosen(MODEL, "segment", f"{FIRST.key}/{SECOND.sub_segments[0].key}", EMPTY)
    assert choices.fields_of(MODEL, "tier") == ()


def test_where_tierline_keeps_the_segment_only_its_sub_segments_are_offered() -> None:
    fields = MODEL.fields.model_copy(update={"segment": MODEL.fields.segment.model_copy(update={"policy": "machine"})})
    model = MODEL.model_copy(update={"fields": fields})
    assert choices.fields_of(model, "segment") == ()
    assert choices.fields_of(model, "sub_segment") == ("sub_segment",)
    (group,) = choices.offered(model, "sub_segment", {**EMPTY, "segment": FIRST.key})
    assert [choice.key for choice in group.choices] == [sub.key for sub in FIRST.sub_segments]


def test_the_rules_suggest_first_then_the_parent_and_each_value_once() -> None:
    result = {"segment": FIRST.key, "sub_segment": FIRST.sub_segments[0].key, "segment_why": "Industry is Utilities."}
    parent = {"segment": SECOND.key, "sub_segment": SECOND.sub_segments[0].key}
    found = choices.suggestions(MODEL, "segment", EMPTY, result, [(parent, "Its parent has it."), (result, "again")])
    assert [each.because for each in found] == [
        "By the model's rules: industry is Utilities.", "Its parent has it.",
    ]  # fmt: skip
    mixed = {**parent, "sub_segment": FIRST.sub_segments[0].key}
    assert choices.suggestions(MODEL, "segment", EMPTY, {}, [(mixed, "no pair")]) == []
