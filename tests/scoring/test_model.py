"""Model files: what is wrong is said by file, line and key, with what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scoring import model, presets
from scoring.model import ModelError

DEFAULT = presets.text("default")


def complaints(text: str) -> list[str]:
    with pytest.raises(ModelError) as caught:
        model.parse(text, "model.yaml")
    return [str(problem) for problem in caught.value.problems]


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


@pytest.mark.parametrize("name", presets.names())
def test_every_preset_is_a_model_and_keeps_its_fingerprint(name: str) -> None:
    found = presets.load(name)
    assert presets.path(name).read_text(encoding="utf-8") == presets.text(name)
    again = model.parse(yaml.safe_dump(yaml.safe_load(presets.text(name)), sort_keys=True), "again")
    assert again.fingerprint() == found.fingerprint()  # comments and the order of keys do not count
    assert found.warnings() == ()


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ("clock: {period: month}", "clock: {period: fortnight}", "clock.period", "'quarter'"),
        ("currency: EUR", "currency: euro", "currency", ""),
        ("components: {money: 100}", "components: {money: 90}", "value.components", "add up to 100"),
        ("components: {money: 100}", "components: {cash: 100}", "value.components", "'money'"),
        ("cuts: {value: [{quantile: 0.6}", "cuts: {value: [{quantile: 1.6}", "quantile", "1"),
        ("cost: [{quantile: 0.5}]", "costs: [{quantile: 0.5}]", "tiers.cuts.costs", "no axis is called 'costs'"),
        ("segment: {policy: fill", "segment: {policy: overwrite", "fields.segment.policy", "'suggest'"),
        ("{field: industry, equals: Energy}", "{field: industri, equals: Energy}", "field", "industry"),
        ("order: {role: order_desk", "order: {role: order_dsk", "cost_to_serve.activities.order.role", "order_desk"),
        ("profile: growth_partner}\n\n", "profile: growth_partnr}\n\n", "profile", "growth_partner"),
        ("{field: industry, equals: Energy}", "{field: industry, includes: [Enrgy]}", "includes", "Energy"),
        ("key: utilities", "key: energy!", "key", ""),
        ("  missing: {severity: medium}", "  mising: {severity: medium}", "quality.rules", "missing"),
    ],
)
def test_a_mistake_is_named_by_line_and_key_with_what_is_allowed(old: str, new: str, key: str, words: str) -> None:
    assert old in DEFAULT
    text = DEFAULT.replace(old, new, 1)
    first = complaints(text)[0]
    assert first.startswith(f"model.yaml, line {line_of(text, new.splitlines()[0])}: "), first
    assert key in first
    assert words in first


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = DEFAULT.replace("currency: EUR", "currency: euro").replace("scheme: cpm", "scheme: abc")
    found = complaints(text)
    assert [part in text for part, text in zip(("currency", "tiers.scheme"), found, strict=True)] == [True, True]


@pytest.mark.parametrize(
    "text", ["", "[]", "a: [", "name: x\nname: y\n", "\tname: x", "name: !!python/object:os.system x"]
)
def test_what_is_no_model_at_all_is_refused_in_words(text: str) -> None:
    assert all(line.startswith("model.yaml") for line in complaints(text))


def test_a_key_given_twice_is_a_mistake() -> None:
    text = DEFAULT.replace("currency: EUR", "currency: EUR\ncurrency: USD")
    assert "currency" in complaints(text)[0]


@given(st.text(max_size=60))
def test_no_text_makes_it_stumble(text: str) -> None:
    try:
        model.parse(text, "model.yaml")
    except ModelError as error:
        assert error.problems  # noqa: PT017 - a text may be refused, and nothing else may happen


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("name: x\ndescription: Mäkinen\n".encode("latin-1"))
    with pytest.raises(ModelError, match=r"latin\.yaml, line 2: .*not UTF-8"):
        model.load(latin)
    with pytest.raises(ModelError, match="no such file"):
        model.load(tmp_path / "nowhere.yaml")
    with pytest.raises(ModelError, match="cannot be read"):
        model.load(tmp_path)


def test_a_model_that_has_grown_too_large_is_valid_but_advised_against() -> None:
    content = yaml.safe_load(DEFAULT)
    content["segments"] += [
        {"key": f"s{n}", "label": f"S{n}", "rules": [{"field": "industry", "equals": f"S{n}"}]} for n in range(3)
    ]
    content["vocabulary"]["industry"]["values"] += ["S0", "S1", "S2"]
    (advice,) = model.parse(yaml.safe_dump(content), "large").warnings()
    assert advice.startswith("6 segments: more than 5")


def test_invoices_of_an_org_need_the_object_that_holds_them() -> None:
    text = DEFAULT.replace("      order: {freight", "      invoice: {amount: Amount__c}\n      order: {freight")
    (complaint,) = complaints(text)
    assert "no standard object for invoice records" in complaint
    assert "objects: {invoice:" in complaint


def test_a_list_that_is_too_short_is_said_even_if_its_entries_are_sound() -> None:
    (complaint,) = complaints(
        DEFAULT.replace("rankings:", "rankings:\n    - {project: X, profile: X, drivers: [speed]}", 1)
    )
    assert "at least 2 items" in complaint
