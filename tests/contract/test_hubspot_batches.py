"""However HubSpot fails a batch for a few bad records, each record has the same outcome."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.base import Change
from connectors.sandbox.background import ServedPortal, serving_portal
from connectors.sandbox.portal.portal import Portal
from tests.contract.hubspot import HubspotGround


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPortal]:
    with Portal.open(tmp_path_factory.mktemp("portal")) as portal, serving_portal(portal) as served:
        yield served


@pytest.fixture(scope="module")
def ground(hub: ServedPortal) -> HubspotGround:
    ground = HubspotGround(hub)
    crm = ground.connect()
    crm.apply_schema(crm.plan_schema([ground.segment, ground.score]))
    return ground


@pytest.mark.parametrize("failures", ["mixed", "each", "all", "silent"])
def test_bad_records_stop_no_other(hub: ServedPortal, ground: HubspotGround, failures: str) -> None:
    ids = ground.add_accounts([f"Company {number}" for number in range(100)])
    ground.delete(ids[20])
    bad = {ids[3]: "nonsense", ids[70]: "other nonsense"}
    changes = [Change(each, {"ours_segment": bad.get(each, "grow"), "ours_score": 12.5}) for each in ids]
    hub.portal.set_setting("batch_failures", failures)
    results = ground.connect().push("account", changes)
    hub.portal.set_setting("batch_failures", None)
    assert [each.record_id for each in results] == ids
    refused = {each.record_id: each for each in results if not each.ok}
    assert refused.keys() == {ids[3], ids[20], ids[70]}
    assert all(each.code and each.message.endswith(".") and each.next_step for each in refused.values())
    saved = ground.connect().fetch("account", ids, ["ours_segment", "ours_score"])
    assert {each for each, values in saved.items() if values["ours_score"] == 12.5} == set(ids) - refused.keys()


def test_a_company_that_was_merged_is_gone_and_takes_no_value(hub: ServedPortal, ground: HubspotGround) -> None:
    one, two = ground.add_accounts(["One", "Two"])
    new = str(hub.portal.merge(hub.portal.kinds()["companies"], one, two))
    crm = ground.connect()
    assert crm.fetch("account", [one, two], ["ours_score"]) == {}
    assert crm.fetch("account", [new, one, two], ["ours_score"]).keys() == {new}
    (result,) = crm.push("account", [Change(one, {"ours_score": 1.0})])
    assert not result.ok
    assert result.code
