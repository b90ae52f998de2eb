"""The sandbox driven by `jsforce`, the usual Salesforce client of node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.sandbox.background import Served
from connectors.sandbox.org.schema import FieldDef


def test_jsforce_finds_what_it_expects_of_an_org(served: Served, jsforce: Callable[..., dict[str, Any]]) -> None:
    served.org.save_field("Account", FieldDef("Key__c", "Key", "string", length=20, external_id=True, custom=True))
    seen = jsforce("jsforce.mjs")
    assert seen == {
        "organization": served.facts["org_id"],
        "identity": served.facts["username"],
        "created": True,
        "retrieved": 4,
        "destroyed": True,
        "gone": "ENTITY_IS_DELETED",
        "batch": 449,
        "refused": "STRING_TOO_LONG",
        "updated": 449,
        "total": 449,
        "first": "Batch 0000",
        "owner": "string",
        "filtered": 3,
        "counted": 449,
        "upserts": [True, False],
        "upsertedMany": [False, True],
        "emptied": True,
        "objects": True,
        "fields": 255,
        "invalid": "INVALID_FIELD",
        "limits": True,
        "valueSet": True,
        "field": True,
        "widened": 3,
        "renamed": True,
        "help": "where & why",
        "read": "Region",
        "missing": None,
        "bad": False,
        "listed": True,
        "bulkLoaded": ["B-1", "B-2"],
        "bulkRefused": ["REQUIRED_FIELD_MISSING"],
        "bulkUnprocessed": 0,
        "bulkUpserted": ["false"],
        "bulkQueried": [
            {"Name": 'Bulk Ä, "1"', "NumberOfEmployees": ""},
            {"Name": "Bulk 2", "NumberOfEmployees": "5"},
        ],
        "bulkAborted": "Aborted",
        "bulkDeleted": "NOT_FOUND",
        "notified": [True, True, False, True, 7],
        "unnotified": ["STRING_TOO_LONG", "INVALID_INPUT"],
        "oauth": served.facts["username"],
        "page": ["kept", served.facts["username"], True],
        "ended": "INVALID_SESSION_ID",
    }
