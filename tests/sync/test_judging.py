"""What becomes of a request, decided from what the record holds and who asks."""

from __future__ import annotations

from typing import Any

import pytest

from scoring import model, presets
from sync import outputs
from sync.alerts.routing import Person
from sync.governance import judging, requests
from sync.governance.judging import Record

LAYOUT = outputs.layout_of(
    model.parse(presets.text("default").replace("\nguard: ", "\nrequests: {enabled: true}\nguard: "), "asked"),
    "salesforce",
)
ANNA, OTTO = Person("005A", "Anna Berg", "anna@example.com"), Person("005O", "Otto Lind", "otto@example.com")
HELD: dict[str, str | None] = {
    "tier": "bronze",
    "segment": "energy",
    "segment_source": "rule",
    "sub_segment": "power_producers",
    "value_profile": None,
}


def judge(kind: str, value: str = "", comment: str = "", by: str = "005A", **known: Any) -> judging.Verdict:
    written: dict[str, str | None] = dict(zip(requests.ASKED, (kind, value, "", comment, by), strict=True))
    asked = requests.asked(HELD | written)
    assert asked is not None
    facts = {"saved_by": "005A", "people": {each.record_id: each for each in (ANNA, OTTO)}, "current": HELD}
    return judging.judge(asked, Record(LAYOUT, **(facts | known)))


@pytest.mark.parametrize(
    ("kind", "value", "comment", "outcome"),
    [
        ("confirm", "bronze", "", "accepted"),
        ("dispute", "bronze", "Pays on time", "remark"),
        ("dispute", "", "typed without the card", "remark"),
        ("override", "gold", "Signed", "override"),
        ("confirm_segment", "energy", "", "value"),
        ("override", "gOLD", "named as people call it", "override"),
        ("confirm_segment", "Energy", "", "value"),
        ("confirm_segment", "", "", "value"),
    ],
)
def test_what_can_be_done_is_done(kind: str, value: str, comment: str, outcome: str) -> None:
    assert judge(kind, value, comment).outcome == outcome


@pytest.mark.parametrize(
    ("kind", "value", "comment", "why"),
    [
        ("dispute", "gold", "Too high", "It was about the tier Gold; by now it is Bronze. Look at it again."),
        ("confirm", "gold", "", "It was about the tier Gold; by now it is Bronze. Look at it again."),
        ("override", "bronze", "x", "The account has the tier Bronze already."),
        ("override", "diamond", "x", "It names no tier of the model. Choose one from the list on the card."),
        (
            "dispute",
            "bronze",
            "\u0007\u200b ",
            "It says no reason. Somebody has to decide on it, so say why in a sentence or two.",
        ),
        ("confirm_segment", "nonsense", "", "It names no segment of the model. Choose one from the list."),
        ("confirm_value_profile", "", "", "It names no value profile of the model. Choose one from the list."),
        (
            "confirm_value_profile",
            "uptime_first",
            "",
            "Value profile is empty by now, not Uptime first. Look at it again.",
        ),
        ("withdraw", "", "", "Nothing waits that could be taken back."),
        ("gibberish", "", "", "“gibberish” is nothing that can be asked for here. Use the buttons of the card."),
    ],
)
def test_what_is_outdated_or_unreadable_is_refused_with_the_reason(
    kind: str, value: str, comment: str, why: str
) -> None:
    verdict = judge(kind, value, comment)
    assert (verdict.outcome, verdict.why) == ("refused", why)


def test_a_suggestion_is_confirmed_beside_another_value() -> None:
    current = HELD | {"value_profile_suggestion": "uptime_first"}
    assert judge("confirm_value_profile", "uptime_first", current=current).outcome == "value"


def test_a_sub_segment_of_another_segment_is_not_confirmed() -> None:
    other = next(each for each in LAYOUT.model.segments if each.key != "energy" and each.sub_segments)
    current = HELD | {"sub_segment": other.sub_segments[0].key}
    verdict = judge("confirm_sub_segment", other.sub_segments[0].key, current=current)
    assert "belongs to another segment" in verdict.why


def test_nobody_asks_in_another_s_name() -> None:
    verdict = judge("dispute", "bronze", "x", by="005O")
    assert verdict.why == "It is not sure that Otto Lind asks: Anna Berg saved the account afterwards. Ask once more."


def test_who_is_named_by_address_or_not_at_all_is_found_and_a_stranger_is_not() -> None:
    assert judge("confirm", "bronze", by="ANNA@example.com").outcome == "accepted"
    assert judge("confirm", "bronze", by="").outcome == "accepted"
    assert judge("confirm", "bronze", by="nobody@example.com").outcome == "refused"


def test_while_another_s_request_waits_only_they_change_it() -> None:
    assert judge("dispute", "bronze", "x", waiting="Otto Lind").outcome == "refused"
    assert judge("withdraw", waiting="Otto Lind").outcome == "refused"
    assert judge("override", "gold", "x", waiting="Anna Berg").outcome == "override"
    assert judge("withdraw", waiting="Anna Berg").outcome == "withdrawn"
