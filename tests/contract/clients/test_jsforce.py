"""The sandbox driven by `jsforce`, the usual Salesforce client of node."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from admin import package
from connectors.salesforce import deploying, pages
from connectors.salesforce.package import ListView, list_views
from connectors.sandbox.background import Served
from connectors.sandbox.org.schema import FieldDef
from scoring import presets
from sync import outputs


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
        "bulkOneLoaded": [True, False],
        "bulkOneRefused": "REQUIRED_FIELD_MISSING",
        "bulkOneQueried": ['Older "1"'],
        "searched": ['Older "1"'],
        "notified": [True, True, False, True, 7],
        "unnotified": ["STRING_TOO_LONG", "INVALID_INPUT"],
        "oauth": served.facts["username"],
        "page": ["kept", served.facts["username"], True],
        "ended": "INVALID_SESSION_ID",
    }


def test_jsforce_deploys_the_card_and_takes_it_away(
    served: Served, jsforce: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    layout = outputs.layout_of(presets.load("default"), "salesforce")
    files = package.pages(layout)
    view = ListView("Tierline_Mine", "Mine", ("ACCOUNT.NAME",), ())
    files = {path: text for path, text in files.items() if "/listViews/" not in path} | list_views([view])
    broken = {path: text for path, text in files.items() if not path.endswith(".js-meta.xml")}
    wanted = pages.members(files)
    zips = {
        "whole": deploying.archive(pages.packaged(files), wanted),
        "broken": deploying.archive(pages.packaged(broken), wanted),
        "gone": deploying.archive({}, {}, wanted),
    }
    for name, content in zips.items():
        (tmp_path / name).write_bytes(content)
    seen = jsforce("deploy.mjs", **{name: str(tmp_path / name) for name in zips})
    there = ["FlexiPage Tierline_Account", "LightningComponentBundle accountTier", "ListView Account.Tierline_Mine"]
    assert not seen["broken"]["success"]
    assert "accountTier.js-meta.xml is missing" in " ".join(seen["broken"]["failures"])
    assert (seen["tried"]["success"], seen["before"]) == (True, [])
    assert (seen["whole"]["success"], seen["after"]) == (True, there)
    assert seen["label"] == "Confirm"
    assert (seen["gone"]["success"], seen["left"]) == (True, [])
