"""Describe becomes fields: dependencies decoded from their bitmaps, paths resolved, wrong names caught."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import PicklistValue
from connectors.errors import SchemaMismatch
from connectors.salesforce.fields import fields_of, resolve, set_bits


def entry(name: str, type_: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": name, "type": type_, "updateable": True, "nillable": True, **more}


def value(key: str, **more: Any) -> dict[str, Any]:
    return {"value": key, "label": key.title(), "active": True, "validFor": None, **more}


ACCOUNT = {
    "name": "Account",
    "fields": [
        entry("Segment__c", "picklist", custom=True, restrictedPicklist=True, picklistValues=[value("a"), value("b")]),
        entry(
            "Sub__c",
            "picklist",
            controllerName="Segment__c",
            dependentPicklist=True,
            picklistValues=[value("a1", validFor="gAAA"), value("ab", validFor="wAAA"), value("none")],
        ),
        entry("Flagged__c", "boolean"),
        entry("ByFlag__c", "picklist", controllerName="Flagged__c", picklistValues=[value("x", validFor="QA==")]),
        entry("Name", "string", nillable=False, createable=True, defaultedOnCreate=False, length=255),
        entry("OwnerId", "reference", relationshipName="Owner", referenceTo=["User"]),
        entry("WhatId", "reference", relationshipName="What", referenceTo=["Account", "Order"]),
    ],
}
USER = {"name": "User", "fields": [entry("Name", "string"), entry("IsActive", "boolean")]}


@pytest.mark.parametrize(
    ("bitmap", "positions"), [("oAAA", (1, 3)), ("QAAA", (2,)), ("IAAA", (3,)), ("AAAI", (21,)), ("", ())]
)
def test_known_bitmaps_decode(bitmap: str, positions: tuple[int, ...]) -> None:
    assert tuple(bit + 1 for bit in set_bits(bitmap)) == positions


@given(st.sets(st.integers(0, 300)))
def test_any_bitmap_decodes_to_the_bits_that_were_set(bits: set[int]) -> None:
    data = bytearray(38)
    for bit in bits:
        data[bit >> 3] |= 0x80 >> (bit % 8)
    assert set(set_bits(base64.b64encode(bytes(data)).decode())) == bits


def test_dependent_values_name_their_controlling_values() -> None:
    fields = fields_of(ACCOUNT)
    assert fields["Sub__c"].controller == "Segment__c"
    assert fields["Sub__c"].values == (
        PicklistValue("a1", "A1", ("a",)),
        PicklistValue("ab", "Ab", ("a", "b")),
        PicklistValue("none", "None", ()),
    )
    assert fields["ByFlag__c"].values[0].parents == ("true",)


def test_a_field_tells_what_a_writer_must_know() -> None:
    fields = fields_of(ACCOUNT)
    assert fields["Segment__c"].restricted
    assert fields["Segment__c"].custom
    assert fields["Name"].required
    assert fields["Name"].length == 255
    assert not fields["OwnerId"].required


def look_up(name: str) -> dict[str, Any]:
    return {"User": USER}[name]


def test_paths_are_followed_through_relationships() -> None:
    found = resolve("Owner.IsActive", ACCOUNT, look_up)
    assert found is not None
    assert found["type"] == "boolean"


def test_a_polymorphic_path_is_left_to_salesforce() -> None:
    assert resolve("What.Name", ACCOUNT, look_up) is None


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("Segmnt__c", "Account has no field Segmnt__c .* nearest name is Segment__c"),
        ("Ownr.Name", "Account has no relationship Ownr .* nearest name is Owner"),
        ("Owner.Nme", "User has no field Nme .* nearest name is Name"),
        ("Zzzzzz", "Account has no field Zzzzzz that the integration user can see.$"),
    ],
)
def test_a_wrong_path_is_named_with_the_nearest_right_one(path: str, words: str) -> None:
    with pytest.raises(SchemaMismatch, match=words):
        resolve(path, ACCOUNT, look_up)
