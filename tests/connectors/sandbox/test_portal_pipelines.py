"""Pipelines and stages changed and taken away, but not from under the records in them."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.background import ServedPortal

AT = "/crm/v3/pipelines/deals"


def stage(label: str, key: str, probability: str = "0.5") -> dict[str, Any]:
    return {"label": label, "stageId": key, "displayOrder": 0, "metadata": {"probability": probability}}


def test_a_stage_is_changed_and_the_rest_of_it_stays(hub: ServedPortal) -> None:
    changed = hub.request("PATCH", f"{AT}/default/stages/closedwon", json={"label": "Won"}).json()
    assert (changed["label"], changed["metadata"]) == ("Won", {"probability": "1.0", "isClosed": "true"})
    assert hub.request("GET", f"{AT}/default/stages/closedwon").json()["label"] == "Won"
    bad = {"metadata": {"probability": "often"}}
    assert hub.request("PATCH", f"{AT}/default/stages/closedwon", json=bad).status_code == 400
    assert hub.request("PATCH", f"{AT}/default/stages/none", json={"label": "x"}).status_code == 404


def test_what_records_are_in_stays(hub: ServedPortal) -> None:
    body = {
        "label": "Projects",
        "pipelineId": "projects",
        "displayOrder": 1,
        "stages": [stage("A", "pa"), stage("B", "pb")],
    }
    hub.request("POST", AT, json=body).raise_for_status()
    deal = {"properties": {"dealname": "D", "pipeline": "projects", "dealstage": "pa"}}
    held = hub.request("POST", "/crm/v3/objects/deals", json=deal).json()["id"]
    for path, code in ((f"{AT}/projects", "PIPELINE_ID_IN_USE"), (f"{AT}/projects/stages/pa", "STAGE_ID_IN_USE")):
        refused = hub.request("DELETE", path)
        assert (refused.status_code, refused.json()["subCategory"]) == (400, f"PipelineError.{code}")
        assert refused.json()["context"]["objectIds"] == [held]
    without = {"label": "Projects", "displayOrder": 1, "stages": [stage("B", "pb")]}
    assert hub.request("PUT", f"{AT}/projects", json=without).status_code == 400
    hub.request("DELETE", f"/crm/v3/objects/deals/{held}").raise_for_status()
    replaced = hub.request("PUT", f"{AT}/projects", json={**without, "label": "Other"}).json()
    assert (replaced["label"], [each["id"] for each in replaced["stages"]]) == ("Other", ["pb"])
    assert hub.request("DELETE", f"{AT}/projects/stages/pb").status_code == 400  # the last one
    assert hub.request("DELETE", f"{AT}/projects").status_code == 204
    assert [each["id"] for each in hub.request("GET", AT).json()["results"]] == ["default"]
    assert hub.request("DELETE", f"{AT}/default").status_code == 400  # the last one
