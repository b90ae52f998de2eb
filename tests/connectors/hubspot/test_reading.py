"""Reading HubSpot: complete, in order, exact, and with the companies that records belong to."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from connectors.base import Since
from connectors.errors import SchemaMismatch
from connectors.hubspot import reading
from tests.connectors.hubspot.conftest import Reply
from tests.connectors.hubspot.records import Records, belongs, stamp

if TYPE_CHECKING:
    from connectors.hubspot import Hubspot
    from tests.connectors.hubspot.conftest import CannedAccount

START = 1_767_225_600_000  # 2026-01-01 in milliseconds


def prop(name: str, kind: str, field_type: str = "", **more: Any) -> dict[str, Any]:
    return {"name": name, "label": name, "type": kind, "fieldType": field_type or kind, "hubspotDefined": True, **more}


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def pulled(crm: Hubspot, kind: str, fields: dict[str, str], since: Since | None = None) -> list[dict[str, Any]]:
    return [row for batch in crm.pull(kind, fields, since) for row in batch.to_pylist()]


@pytest.fixture
def companies(canned: CannedAccount) -> Records:
    canned.has(
        "companies", prop("name", "string"), prop("annualrevenue", "number"), prop("numberofemployees", "number")
    )
    records = Records("companies")
    records.serve(canned)
    return records


def test_money_is_exact_and_empty_text_is_null(canned: CannedAccount, companies: Records) -> None:
    values = {"annualrevenue": "1234567890123.4567", "numberofemployees": "12", "name": ""}
    companies.rows = {7: (START, values), 5: (START + 5, {"annualrevenue": "3.5E8", "name": "Ärlig Öl"})}
    fields = {"id": "hs_object_id", "name": "name", "annual_revenue": "annualrevenue", "employees": "numberofemployees"}
    rows = pulled(canned.open(), "account", fields)
    assert rows == [
        {"id": "7", "name": None, "annual_revenue": Decimal("1234567890123.4567"), "employees": 12},
        {"id": "5", "name": "Ärlig Öl", "annual_revenue": Decimal("350000000.0000"), "employees": None},
    ]


def test_a_property_that_is_not_there_is_refused_by_name(canned: CannedAccount, companies: Records) -> None:
    with pytest.raises(SchemaMismatch, match=r"no property annual_revenue.*annualrevenue"):
        pulled(canned.open(), "account", {"id": "hs_object_id", "annual_revenue": "annual_revenue"})
    with pytest.raises(SchemaMismatch, match="needs a number"):
        pulled(canned.open(), "account", {"annual_revenue": "name"})
    with pytest.raises(SchemaMismatch, match="leads nowhere"):
        pulled(canned.open(), "account", {"parent_id": "companies.mother"})


@pytest.mark.parametrize("scale", [pytest.param(1, marks=pytest.mark.soak), 10], ids=["25000", "2500"])
def test_25_000_records_that_changed_at_one_instant_are_all_found_in_order(
    canned: CannedAccount, companies: Records, monkeypatch: pytest.MonkeyPatch, scale: int
) -> None:
    """As after a bulk update: no window of time is small enough for one query."""
    monkeypatch.setattr(reading, "WINDOW", reading.WINDOW // scale)
    companies.cap //= scale
    last = 1000 + 25_000 // scale
    companies.rows = {each: (START + each, {}) for each in range(1, 51)}
    companies.rows |= {each: (START + 500, {}) for each in range(1000, last)}
    companies.rows |= {each: (START + 900 + each % 7, {}) for each in range(30_000, 30_040)}
    crm = canned.open()
    belongs(canned, "companies", "companies", {})
    fields = {"id": "hs_object_id", "modified_at": "hs_lastmodifieddate", "parent_id": "companies.parent"}
    rows = pulled(crm, "account", fields, Since(moment(START + 11)))
    places = [(row["modified_at"], int(row["id"])) for row in rows]
    assert places == sorted((moment(at), each) for each, (at, _) in companies.rows.items() if at >= START + 11)
    assert len(canned.seen("POST", "/search$")) < 25_000 / scale / 200 + 6
    assert len(canned.seen("POST", "/associations/")) <= 25_000 / scale / 1000 + 3
    behind = Since(moment(START + 500), after_id=str(last - 2))
    assert [row["id"] for row in pulled(crm, "account", fields, behind)][:2] == [str(last - 1), "30002"]


def test_a_large_read_goes_on_from_any_place_in_another_process(canned: CannedAccount, companies: Records) -> None:
    companies.rows = {each: (START + each % 300, {}) for each in range(1, 2351)}
    fields = {"id": "hs_object_id", "modified_at": "hs_lastmodifieddate"}
    first = canned.open()
    assert first.count("account") == 2350 >= first.bulk_from
    for since in (None, moment(START + 150)):
        wanted = {str(each) for each, (at, _) in companies.rows.items() if since is None or moment(at) >= since}
        read = first.start_bulk_read("account", fields, since)
        assert first.bulk_read_state(read).phase == "done"
        assert first.bulk_read_until(read) == moment(START + 299)
        got: list[str] = []
        place, pages = "", 0
        while pages == 0 or place:
            page = canned.open().bulk_page(read, "account", fields, place)
            got += page.rows.column("id").to_pylist()
            place, pages = page.next_place, pages + 1
        assert sorted(got) == sorted(wanted)
        assert pages == -(-len(wanted) // 1000)


def test_more_properties_than_a_search_may_name_are_read_all_the_same(canned: CannedAccount) -> None:
    names = [f"attribute_number_{each}_of_the_company" for each in range(90)]
    canned.has("companies", *(prop(name, "string") for name in names))
    records = Records("companies")
    records.rows = {each: (START + each, {names[-1]: f"value {each}"}) for each in range(1, 251)}
    records.serve(canned)
    fields = {"id": "hs_object_id", **{name: name for name in names}}
    rows = pulled(canned.open(), "account", fields, Since(moment(START)))
    assert {row["id"]: row[names[-1]] for row in rows} == {str(each): f"value {each}" for each in range(1, 251)}


def deals(canned: CannedAccount) -> Records:
    canned.has("deals", *(prop(name, "string") for name in ("dealname", "pipeline", "hubspot_owner_id")),
               prop("dealstage", "enumeration"), prop("amount", "number"), prop("closedate", "datetime"))  # fmt: skip
    canned.has("companies", prop("name", "string"))
    stages = [
        {"id": "111", "label": "Offer", "metadata": {"isClosed": "false", "probability": "0.4"}},
        {"id": "closedwon", "label": "Won", "metadata": {"isClosed": "true", "probability": "1.0"}},
        {"id": "closedlost", "label": "Lost", "metadata": {"isClosed": "true", "probability": "0.0"}},
    ]
    canned.on("GET", "/pipelines/deals\\?archived=false", {"results": [{"id": "default", "stages": stages}]})
    canned.on("GET", "/pipelines/deals\\?archived=true", {"results": []})
    records = Records("deals")
    records.serve(canned)
    return records


def test_deals_know_their_company_and_what_their_stage_means(canned: CannedAccount) -> None:
    values = {"pipeline": "default", "closedate": "2026-03-01T22:30:00Z"}
    deals(canned).rows = {
        1: (START, {**values, "dealstage": "closedwon", "amount": "10.5"}),
        2: (START + 1, {**values, "dealstage": "closedlost"}),
        3: (START + 2, {**values, "dealstage": "111"}),
        4: (START + 3, {**values, "dealstage": "deleted"}),
    }
    belongs(canned, "deals", "companies", {1: [(90, 341), (95, 341), (95, 5)], 2: [(90, 341), (80, 279)]})
    fields = {"id": "hs_object_id", "account_id": "companies.id", "stage": "dealstage", "is_won": "dealstage",
              "is_closed": "dealstage", "amount": "amount", "closes_on": "closedate"}  # fmt: skip
    rows = {row.pop("id"): row for row in pulled(canned.open(), "opportunity", fields)}
    day = date(2026, 3, 1)
    common = {"amount": None, "closes_on": day}
    assert rows == {
        "1": {
            **common,
            "account_id": "95",
            "stage": "Won",
            "is_won": True,
            "is_closed": True,
            "amount": Decimal("10.5"),
        },
        "2": {**common, "account_id": "80", "stage": "Lost", "is_won": False, "is_closed": True},
        "3": {**common, "account_id": None, "stage": "Offer", "is_won": False, "is_closed": False},
        "4": {**common, "account_id": None, "stage": "deleted", "is_won": None, "is_closed": None},
    }


def test_a_parent_is_the_company_associated_as_such_and_no_other(canned: CannedAccount, companies: Records) -> None:
    companies.rows = {each: (START + each, {}) for each in (1, 2, 3)}
    belongs(canned, "companies", "companies", {1: [(2, 450), (3, 14)], 3: [(1, 13)]})
    rows = pulled(canned.open(), "account", {"id": "hs_object_id", "parent_id": "companies.parent"})
    assert {row["id"]: row["parent_id"] for row in rows} == {"1": "3", "2": None, "3": None}


def test_a_record_with_more_associations_than_a_page_is_asked_for_the_rest(
    canned: CannedAccount, companies: Records
) -> None:
    companies.rows = {1: (START, {})}

    def answer(request: Any) -> Reply:
        (asked,) = request.json["inputs"]
        end, kind, more = (8, 14, {}) if asked.get("after") else (9, 450, {"paging": {"next": {"after": "x"}}})
        to = [{"toObjectId": end, "associationTypes": [{"typeId": kind}]}]
        return Reply({"results": [{"from": {"id": "1"}, "to": to, **more}]})

    canned.on("POST", "/associations/companies/companies", answer)
    (row,) = pulled(canned.open(), "account", {"parent_id": "companies.parent"})
    assert row["parent_id"] == "8"


def test_who_left_stays_an_owner_and_is_not_active(canned: CannedAccount) -> None:
    here = {"id": "31", "firstName": "Aino", "lastName": "Berg", "email": "aino@x.fi", "updatedAt": stamp(START)}
    gone = {
        "id": "30",
        "firstName": "",
        "lastName": "",
        "email": "old@x.fi",
        "updatedAt": stamp(START),
        "archived": True,
    }
    canned.on("GET", "/crm/v3/owners/\\?archived=false", {"results": [here]})
    canned.on("GET", "/crm/v3/owners/\\?archived=true", {"results": [gone]})
    crm = canned.open()
    fields = {"id": "id", "name": "name", "email": "email", "is_active": "active"}
    assert pulled(crm, "user", fields) == [
        {"id": "30", "name": "old@x.fi", "email": "old@x.fi", "is_active": False},
        {"id": "31", "name": "Aino Berg", "email": "aino@x.fi", "is_active": True},
    ]
    assert list(crm.deleted("user", moment(START))) == []


def test_archived_and_merged_records_are_told(canned: CannedAccount, companies: Records) -> None:
    companies.rows = {
        1: (START + 10, {"hs_merged_object_ids": "3;4"}),
        2: (START - 10, {"hs_merged_object_ids": "9"}),
        5: (START + 20, {}),
    }
    companies.archived = [
        {"id": "3", "properties": {}, "archivedAt": stamp(START + 10), "archived": True},
        {"id": "6", "properties": {}, "archivedAt": stamp(START), "archived": True},
        {"id": "7", "properties": {}, "archivedAt": stamp(START - 1), "archived": True},
    ]
    assert sorted(canned.open().deleted("account", moment(START))) == ["3", "4", "6"]


def test_a_long_list_of_archived_records_is_read_only_where_records_are_missing(
    canned: CannedAccount, companies: Records
) -> None:
    """Of 450 archived ones, in the order of their ids, two went lately: the 120th and the 130th."""
    late = {120, 130}
    companies.rows = {each: (START - 5000, {}) for each in range(1000, 1010)}
    companies.archived = [
        {"id": str(each), "archivedAt": stamp(START + 9 if each in late else START - 9000), "archived": True}
        for each in range(450)
    ]
    crm = canned.open()
    assert sorted(crm.deleted("account", moment(START))) == ["120", "130"]
    pages = [request for request in canned.requests if "archived=true" in request.path]
    assert len(pages) == 5

    mirror = {str(each) for each in companies.rows}
    canned.requests.clear()
    gone: list[str] = []
    gone += crm.deleted("account", moment(START), lambda: len(mirror - set(gone)))
    assert (gone, [request.path.partition("?")[0][-7:] for request in canned.requests]) == ([], LIST_AND_TWO_SEARCHES)

    mirror |= {"120", "130"}
    canned.requests.clear()
    for each in crm.deleted("account", moment(START), lambda: len(mirror - set(gone))):
        gone.append(each)
    assert mirror - set(gone) == {str(each) for each in companies.rows}
    pages = [request for request in canned.requests if "archived=true" in request.path]
    assert len(pages) == 2, "behind the second page nothing is missing"


#: Merged ones and how many there are by a search each, and the first page.
LIST_AND_TWO_SEARCHES = ["/search", "mpanies", "/search"]


def test_activities_come_from_five_objects_in_one_order_and_ours_are_marked(canned: CannedAccount) -> None:
    canned.on("GET", "/account-info/v3/details", {"portalId": 1, "uiDomain": "app.hubspot.com"})
    canned.on("POST", "/access-token-info", {"userId": 9, "appId": 77})
    for place, name in enumerate(("calls", "meetings", "emails", "tasks")):  # notes are not shown to us
        canned.has(name, prop("hs_timestamp", "datetime"), prop("hs_created_by_user_id", "number"))
        records = Records(name)
        records.rows = {
            place + 1: (START + (7 * place) % 4, {"hs_timestamp": stamp(START), "hs_created_by_user_id": "5"})
        }
        if name == "tasks":
            records.rows[place + 1][1].update(hs_object_source_id="77", hs_created_by_user_id=None)
        records.serve(canned)
        belongs(canned, name, "companies", {place + 1: [(50, 182)]})
    canned.has("companies")
    crm = canned.open()
    rows = pulled(crm, "activity", dict(crm.kinds()["activity"]))
    assert [(row["id"], row["activity_type"], row["created_by_id"], row["account_id"]) for row in rows] == [
        ("1", "call", "5", "50"),
        ("4", "task", "9", "50"),
        ("3", "email", "5", "50"),
        ("2", "visit", "5", "50"),
    ]
    assert rows[0]["happened_on"] == date(2026, 1, 1)


def test_the_kinds_are_those_the_account_shows(canned: CannedAccount) -> None:
    canned.has("companies", prop("name", "string"), prop("domain", "string"))
    canned.has("line_items", prop("quantity", "number"))
    canned.on("GET", "/properties/tickets", {"category": "MISSING_SCOPES", "message": "no"}, status=403)
    kinds = canned.open().kinds()
    assert set(kinds) == {"account", "user", "order_line"}
    assert kinds["account"] == {
        "id": "hs_object_id", "name": "name", "parent_id": "companies.parent", "external_id": "domain",
        "website": "domain", "modified_at": "hs_lastmodifieddate",
    }  # fmt: skip
    assert "order_id" not in kinds["order_line"]  # the account has no orders


def test_an_object_of_the_companys_own_can_stand_for_a_kind(canned: CannedAccount) -> None:
    canned.has("companies", prop("name", "string"))
    canned.has("2-4711", prop("total", "number"))
    records = Records("2-4711")
    records.rows = {8: (START, {"total": "12"})}
    records.serve(canned)
    belongs(canned, "2-4711", "companies", {8: [(50, 12)]})
    crm = canned.open()
    crm.use_objects({"order": "2-4711"})
    fields = {**crm.kinds()["order"], "amount": "total", "account_id": "companies.id"}
    (row,) = pulled(crm, "order", fields)
    assert (row["id"], row["amount"], row["account_id"]) == ("8", Decimal(12), "50")
    assert crm.unreadable("order", ["total", "totl", "companies.id"]).keys() == {"totl"}
    crm.use_objects({"order": "2-99"})
    with pytest.raises(SchemaMismatch, match="2-99"):
        crm.kinds()
