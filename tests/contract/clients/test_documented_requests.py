"""Requests of Salesforce's public REST documentation, sent as they stand there, without any client in between."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connectors.sandbox.background import VERSION, Served

ROOT = f"/services/data/{VERSION}"


@pytest.fixture
def account(served: Served) -> str:
    made = served.request("POST", "sobjects/Account", json={"Name": "Acme O'Neil & Co", "Phone": "555 1234"})
    return str(made.json()["id"])


def names(answer: requests.Response) -> list[str]:
    return [row["Name"] for row in answer.json()["searchRecords"]]


def search(served: Served, sosl: str) -> requests.Response:
    return served.request("GET", "search/", params={"q": sosl})


def count(served: Served, condition: str) -> int:
    answer = served.request("GET", "query", params={"q": f"SELECT COUNT() FROM Account WHERE {condition}"})
    return int(answer.json()["totalSize"])


def refusal(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]


# --- the door ---------------------------------------------------------------------------------------


def test_the_root_of_a_version_answers_without_sending_the_client_elsewhere(served: Served) -> None:
    for path in (ROOT, f"{ROOT}/"):
        answer = served.request("GET", path, allow_redirects=False)
        assert answer.status_code == 200
        assert answer.json()["search"] == f"{ROOT}/search"


@pytest.mark.parametrize(
    "path", ["/services/nothing", "/services/async/nothing", f"{ROOT}/analytics/reports", f"{ROOT}/tooling/nothing"]
)
def test_what_is_not_there_is_refused_in_the_form_of_rest(served: Served, path: str) -> None:
    assert refusal(served.request("GET", path)) == (404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["limits", "tooling/query?q=SELECT+Id+FROM+CustomField", "jobs/ingest"])
def test_every_answer_tells_how_many_calls_are_used_and_counts_itself(served: Served, path: str) -> None:
    used = [int(served.request("GET", path).headers["Sforce-Limit-Info"].split("=")[1].split("/")[0]) for _ in "12"]
    assert used[1] == used[0] + 1


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_bodies_may_come_compressed(served: Served, encoding: str, pack: Any) -> None:
    body = pack(json.dumps({"Name": f"Packed by {encoding}"}).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    assert served.request("POST", "sobjects/Account", data=body, headers=headers).status_code == 201
    assert count(served, f"Name = 'Packed by {encoding}'") == 1
    assert served.request("POST", "sobjects/Account", data=body[:-9], headers=headers).status_code == 400


def test_a_large_upload_may_come_compressed_and_in_pieces(served: Served) -> None:
    job = served.request("POST", "jobs/ingest", json={"object": "Account", "operation": "insert"}).json()["id"]
    packed = gzip.compress(b"Name\n" + b"Piece\n" * 50_000)

    def pieces() -> Iterator[bytes]:
        for at in range(0, len(packed), 50):
            yield packed[at : at + 50]

    headers = {"Content-Type": "text/csv", "Content-Encoding": "gzip"}
    assert served.request("PUT", f"jobs/ingest/{job}/batches", data=pieces(), headers=headers).status_code == 201
    served.request("PATCH", f"jobs/ingest/{job}", json={"state": "Aborted"})


def test_a_client_without_patch_names_the_method_in_the_address(served: Served, account: str) -> None:
    path = f"sobjects/Account/{account}"
    assert served.request("POST", path, params={"_HttpMethod": "PATCH"}, json={"Site": "by post"}).status_code == 204
    assert served.request("GET", path).json()["Site"] == "by post"
    assert refusal(served.request("POST", path, json={"Site": "x"})) == (405, "METHOD_NOT_ALLOWED")


# --- search -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sosl", "found"),
    [
        ("FIND {acme} RETURNING Account(Name)", True),
        ("FIND {acm} RETURNING Account(Name)", False),
        ("FIND {acm*} RETURNING Account(Name)", True),
        ("FIND {acm?} RETURNING Account(Name)", True),
        ('FIND {"O\'Neil & Co"} IN NAME FIELDS RETURNING Account(Name)', True),
        ('FIND {"Neil acme"} RETURNING Account(Name)', False),
        ("FIND {acme AND NOT neil} RETURNING Account(Name)", False),
        ("FIND {xyzzy OR acme} RETURNING Account(Name)", True),
        ("find {555} in phone fields returning Account(Name)", True),
        ("FIND {555} IN NAME FIELDS RETURNING Account(Name)", False),
        ("FIND {acme} RETURNING Contact(Name), Account(Name WHERE Phone LIKE '555%' ORDER BY Name LIMIT 1)", True),
        ("FIND {acme} RETURNING Account(Name WHERE Phone = '1')", False),
    ],
)
def test_sosl_finds_whole_words_in_the_fields_of_its_scope(
    served: Served, account: str, sosl: str, found: bool
) -> None:
    assert bool(names(search(served, sosl))) is found


def test_a_search_without_objects_gives_ids_of_all_kinds(served: Served, account: str) -> None:
    contact = served.request("POST", "sobjects/Contact", json={"LastName": "Acmefriend", "Title": "At Acme"}).json()[
        "id"
    ]
    found = search(served, "FIND {Acme}").json()["searchRecords"]
    assert {account, contact} <= {row["Id"] for row in found}
    assert {"Account", "Contact"} == {row["attributes"]["type"] for row in found}
    served.request("DELETE", f"sobjects/Contact/{contact}")
    assert contact not in {row["Id"] for row in search(served, "FIND {Acme}").json()["searchRecords"]}


@pytest.mark.parametrize(
    ("sosl", "code"),
    [
        ("FIND acme", "MALFORMED_SEARCH"),
        ("", "MALFORMED_SEARCH"),
        ("FIND {a}", "MALFORMED_SEARCH"),
        ("FIND {acme} IN NOWHERE FIELDS", "MALFORMED_SEARCH"),
        ("FIND {acme} RETURNING Nothing", "INVALID_TYPE"),
        ("FIND {xyzzy} RETURNING Account(Nothing__c)", "INVALID_FIELD"),
    ],
)
def test_a_search_that_cannot_be_understood_is_refused(served: Served, sosl: str, code: str) -> None:
    assert refusal(search(served, sosl)) == (400, code)


def test_a_search_by_parameters(served: Served, account: str) -> None:
    asked = {"q": "Acme", "sobject": ["Account", "Contact"], "Account.fields": "id,name", "Account.limit": "1"}
    by_address = served.request("GET", "parameterizedSearch/", params=asked).json()["searchRecords"]
    assert [set(row) for row in by_address if row["attributes"]["type"] == "Account"] == [{"attributes", "Id", "Name"}]
    body = {"q": "Acme", "fields": ["Name"], "sobjects": [{"name": "Account", "where": "Phone = '555 1234'"}]}
    assert set(names(served.request("POST", "parameterizedSearch", json=body))) == {"Acme O'Neil & Co"}
    assert refusal(served.request("GET", "parameterizedSearch"))[0] == 400


# --- several records in one call -----------------------------------------------------------------------


def tree(name: str, last_name: str | None) -> dict[str, Any]:
    contacts = [
        {"attributes": {"type": "Contact", "referenceId": "ref2"}, "LastName": "Smith"},
        {"attributes": {"type": "Contact", "referenceId": "ref3"}, "LastName": last_name},
    ]
    root = {"attributes": {"type": "Account", "referenceId": "ref1"}, "Name": name, "Contacts": {"records": contacts}}
    other = {"attributes": {"type": "Account", "referenceId": "ref4"}, "Name": name}
    return {"records": [root, other]}


def test_a_tree_is_created_with_its_children(served: Served) -> None:
    answer = served.request("POST", "composite/tree/Account/", json=tree("Grown", "Evans"))
    assert (answer.status_code, answer.json()["hasErrors"]) == (201, False)
    made = {result["referenceId"]: result["id"] for result in answer.json()["results"]}
    assert list(made) == ["ref1", "ref4", "ref2", "ref3"]
    children = served.request("GET", f"sobjects/Account/{made['ref1']}/Contacts", params={"fields": "LastName"}).json()
    assert [row["LastName"] for row in children["records"]] == ["Smith", "Evans"]


def test_a_tree_with_one_bad_record_leaves_nothing_and_names_that_one(served: Served) -> None:
    answer = served.request("POST", "composite/tree/Account", json=tree("Felled", None))
    assert (answer.status_code, answer.json()["hasErrors"]) == (400, True)
    (result,) = answer.json()["results"]
    assert (result["referenceId"], result["errors"][0]["statusCode"]) == ("ref3", "REQUIRED_FIELD_MISSING")
    assert count(served, "Name = 'Felled'") == 0


def node(name: str, reference: str, **body: str) -> dict[str, Any]:
    return {"url": f"{ROOT}/sobjects/{name}", "method": "POST", "referenceId": reference, "body": body}


def test_a_graph_is_done_wholly_or_not_at_all_whatever_becomes_of_the_others(served: Served) -> None:
    good = [node("Account", "a", Name="Graph good"), node("Contact", "b", LastName="x", AccountId="@{a.id}")]
    bad = [node("Account", "a", Name="Graph bad"), node("Contact", "b", AccountId="@{a.id}")]
    graphs = [{"graphId": "1", "compositeRequest": good}, {"graphId": "2", "compositeRequest": bad}]
    answer = served.request("POST", "composite/graph", json={"graphs": graphs})
    first, second = answer.json()["graphs"]
    assert (answer.status_code, first["isSuccessful"], second["isSuccessful"]) == (200, True, False)
    assert [part["httpStatusCode"] for part in first["graphResponse"]["compositeResponse"]] == [201, 201]
    halted, failed = second["graphResponse"]["compositeResponse"]
    assert halted["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert failed["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert (count(served, "Name = 'Graph good'"), count(served, "Name = 'Graph bad'")) == (1, 0)


def test_a_graph_takes_records_only(served: Served) -> None:
    graph = {"graphId": "1", "compositeRequest": [{**node("Account", "a"), "url": f"{ROOT}/limits", "method": "GET"}]}
    assert served.request("POST", "composite/graph", json={"graphs": [graph]}).status_code == 400


# --- around a record -----------------------------------------------------------------------------------


def test_a_parent_is_read_over_its_relationship(served: Served, account: str) -> None:
    owner = served.request("GET", f"sobjects/Account/{account}/Owner").json()
    assert owner["Id"] == served.org.admin_user_id
    for name in ("Parent", "Nothing"):
        assert refusal(served.request("GET", f"sobjects/Account/{account}/{name}")) == (404, "NOT_FOUND")


def test_a_query_is_explained_and_not_run(served: Served, account: str) -> None:
    (plan,) = served.request("GET", "query/", params={"explain": "SELECT Id FROM Account"}).json()["plans"]
    assert (plan["sobjectType"], plan["cardinality"]) == ("Account", plan["sobjectCardinality"])
    assert refusal(served.request("GET", "query", params={"explain": "SELECT Nme FROM Account"})) == (
        400,
        "INVALID_FIELD",
    )


def test_records_are_counted_per_object(served: Served, account: str) -> None:
    told = served.request("GET", "limits/recordCount", params={"sObjects": "Account"}).json()["sObjects"]
    assert told == [{"count": count(served, "Name != null"), "name": "Account"}]


def test_objects_and_fields_can_be_queried(served: Served) -> None:
    soql = "SELECT QualifiedApiName, DataType FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'Account'"
    told = served.request("GET", "query", params={"q": soql}).json()
    assert {"QualifiedApiName": "Name", "DataType": "Text(255)"} in [
        {key: row[key] for key in ("QualifiedApiName", "DataType")} for row in told["records"]
    ]


def test_an_administrator_sets_a_password_with_which_its_user_logs_in(served: Served) -> None:
    facts = served.facts
    path = f"sobjects/User/{served.org.admin_user_id}/password"
    assert served.request("GET", path).json() == {"isExpired": False}
    made = served.request("DELETE", path).json()["NewPassword"]
    form = {"grant_type": "password", "client_id": facts["client_id"], "client_secret": facts["client_secret"]}
    login = f"{served.url}/services/oauth2/token"
    for password, status in ((made, 200), (facts["password"], 400)):
        data = {**form, "username": facts["username"], "password": password}
        assert requests.post(login, data=data, timeout=30).status_code == status
    assert served.request("POST", path, json={"NewPassword": "short"}).status_code == 400
    assert served.request("POST", path, json={"NewPassword": facts["password"]}).status_code == 204


# --- tokens --------------------------------------------------------------------------------------------


def test_an_app_of_the_org_asks_whether_a_token_is_good(served: Served) -> None:
    facts, address = served.facts, f"{served.url}/services/oauth2/introspect"
    client = {"client_id": facts["client_id"], "client_secret": facts["client_secret"]}
    told = requests.post(address, data={**client, "token": facts["access_token"]}, timeout=30).json()
    assert (told["active"], told["username"]) == (True, facts["username"])
    assert requests.post(address, data={**client, "token": "old"}, timeout=30).json() == {"active": False}
    unknown = requests.post(address, data={"token": facts["access_token"]}, timeout=30)
    assert (unknown.status_code, unknown.json()["error"]) == (401, "invalid_client")


def test_openid_clients_find_the_addresses(served: Served) -> None:
    told = requests.get(f"{served.url}/.well-known/openid-configuration", timeout=30).json()
    headers = {"Authorization": f"Bearer {served.facts['access_token']}"}
    assert requests.get(told["userinfo_endpoint"], headers=headers, timeout=30).status_code == 200
