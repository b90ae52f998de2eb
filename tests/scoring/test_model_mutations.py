"""A model file with one thing wrong anywhere in it is read, or refused by line, key and sentence: no crash."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
import yaml

from scoring import model, presets
from scoring.model import ModelError

#: Sections that the default preset has as comments or not at all.
_MORE = """
playbook: {baseline: {contact_days: 90}, platinum: {contact_days: 14, reply_hours: 4, seniority: kam, terms_days: 30}}
clv: {method: retention, discount: 0.1, retention: 0.85, growth: 0.0, years: 5}
groups: {enabled: true, roll_up: sum, count_elsewhere: {field: industry, in: [Energy]}, publish: true}
business_units:
  units:
    - {key: medical, label: Medical, values: [MED], cuts: {value: [{quantile: 0.7}]}}
    - {key: industrial, label: Industrial}
owners:
  - {fields: [value_profile], segments: [energy], where: {country: [FI]}, to: name@company.example}
  - {to: territory, role: Sales}
alerts:
  time_zone: Europe/Helsinki
  exceptions: [{to: [manager], rhythm: {medium: weekly}}]
  digest: {at: "08:00", weekday: monday}
  quiet_hours: {from: "19:00", until: "07:00", break_for: [high]}
  own_choice: {slowest: {high: daily, medium: weekly, low: weekly}, hours: true}
two_crms: {conflicts: {segment: ask}, count_once: {order: number}}
overrides: {reasons: {strategic: Strategic}, months: 12, approvers: [{levels: 1}, {levels: 12, group: heads}]}
retired: {segment: [{key: old, label: Old, into: energy}]}
detail: {enabled: true, score_band: 1.0}
opportunities: {values: [segment]}
administrator: {name: Ann, email: ann@company.example}
"""
_REGIONS = """
field: country
limits: {value: [{quantile: [0.5, 0.7]}]}
deviations: [{key: nordics, label: Nordics, values: [FI], cuts: {value: [{quantile: 0.65}]}}]
"""
_QUALITY = """
contradictions: [{when: {field: industry, equals: Energy}, segment: [energy], because: it says so}]
custom: [{key: few, title: Few people, when: {field: employees, below: 3}, message: too few, fix: Ask them}]
"""
_WRONG: tuple[Any, ...] = (
    *(None, "", 0, -1, 1e308, float("nan"), float("inf"), True, 10**30, 1.5, "0", "yes", " lead", "a: b", "\x07"),
    *("é" * 300, "😀", "x" * 10_000, [], {}, [None], [[]], {"x": 1}, {"": 1}, {1: 2}, ["a", "a"], {"where": {}}),
    *("2026-13-01", list(range(13)), b"bytes"),
)
#: Words of our tools, which say nothing to an administrator.
_JARGON = ("Traceback", "pydantic", "Input should", "<class", "Value error", "Assertion", "union_tag")


def whole() -> dict[str, Any]:
    """A model with every section in use."""
    held: dict[str, Any] = yaml.safe_load(presets.text("default")) | yaml.safe_load(_MORE)
    held["tiers"]["regions"] = yaml.safe_load(_REGIONS)
    held["quality"] |= yaml.safe_load(_QUALITY)
    held["crm"]["salesforce"]["fields"]["order"]["business_unit"] = "Unit__c"
    return held


def places(part: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in inner:
        yield (*above, key)
        yield from places(value, (*above, key))


def mutated(random: Random, held: dict[str, Any]) -> str:
    """The model as text, with one value, key or line changed, added, doubled or taken away."""
    held = copy.deepcopy(held)
    *above, key = random.choice(list(places(held)))
    parent: Any = held
    for step in above:
        parent = parent[step]
    how = random.choice(("set", "set", "set", "drop", "add", "rename", "double", "line"))
    if how == "set":
        parent[key] = random.choice(_WRONG)
    elif how == "drop":
        del parent[key]
    elif how == "add" and isinstance(parent[key], dict):
        parent[key][random.choice(("unknown", "Ünï", "", 1, True, "x" * 500))] = 1
    elif how == "rename" and isinstance(parent, dict):
        parent[random.choice(("zz", "Ü", "", "a b", 3))] = parent.pop(key)
    elif how == "double" and isinstance(parent[key], list) and parent[key]:
        parent[key].append(parent[key][0])
    text = yaml.safe_dump(held, sort_keys=False, allow_unicode=random.random() < 0.5)
    return _spoilt(random, text) if how == "line" else text


def _spoilt(random: Random, text: str) -> str:
    lines = text.split("\n")
    number = random.randrange(len(lines))
    cut = lines[number][: random.randrange(len(lines[number]) + 1)]
    more = random.choice(("", "\t", ":", "{", "'", "&a", "*a", "!!python/object:os.system", "%", "\x00", "- ", "? "))
    lines[number] = random.choice((f"{lines[number]}\n{lines[number]}", cut + more))
    return "\n".join(lines)


def stumbles(seed: int) -> list[str]:
    """What is not told as it should be."""
    text = mutated(Random(seed), whole())
    try:
        model.parse(text, "m.yaml")
    except ModelError as error:
        told = [str(problem) for problem in error.problems]
        wrong = [line for line in told if any(word in line for word in _JARGON) or len(line) > 1500]
        return wrong + [str(problem) for problem in error.problems if not problem.line or not problem.message]
    return []


def test_the_whole_model_is_sound() -> None:
    assert model.parse(yaml.safe_dump(whole(), sort_keys=False), "m.yaml").name


@pytest.mark.parametrize("seed", range(12))
def test_one_thing_wrong_is_told_in_words(seed: int) -> None:
    assert stumbles(seed) == []


def test_a_character_that_yaml_does_not_allow_is_told_by_its_line() -> None:
    with pytest.raises(ModelError) as refused:
        model.parse("name: A\ncurrency: \x00EUR\n", "m.yaml")
    assert str(refused.value.problems[0]).startswith("m.yaml, line 2: there is a character that YAML does not allow")


@pytest.mark.parametrize("scheme", [{"cpm": None}, ["cpm"], 3])
def test_a_scheme_that_is_no_name_is_told_with_the_names_there_are(scheme: object) -> None:
    held = whole()
    held["tiers"]["scheme"] = scheme
    with pytest.raises(ModelError) as refused:
        model.parse(yaml.safe_dump(held, sort_keys=False), "m.yaml")
    (told,) = {str(problem) for problem in refused.value.problems if problem.key == "tiers.scheme"}
    assert "key_account_matrix" in told


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 130))
def test_many_things_wrong_are_told_in_words(seed: int) -> None:
    for more in range(40):
        assert stumbles(1000 * seed + more) == []
