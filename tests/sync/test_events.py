"""Change events mark accounts and no more: late, without details or lost, the micro-batch reads what is true."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.base import ChangeEvent, Events
from sync import starting
from sync.models import Dirty, Run
from sync.reading import events
from tests.sync.stage import Stage


@dataclass
class Bus:
    """A bus of change events as a CRM has one: positions grow, and the oldest events are forgotten."""

    sent: list[ChangeEvent] = field(default_factory=list)
    forgotten: int = 0

    def events(self, after: str) -> Events:
        start = int(after or len(self.sent))
        return Events(tuple(self.sent[max(start, self.forgotten) :]), str(len(self.sent)), lost=start < self.forgotten)


def incremental(stage: Stage) -> Run:
    run = stage.work(starting.create(stage.portfolio, "test", kind=Run.Kind.INCREMENTAL))
    assert run.state == Run.State.DONE, run.error
    return run


def test_an_event_marks_its_account_once_its_position_is_taken(stage: Stage) -> None:
    bus, connection = Bus(), stage.connection
    assert events.take(connection, bus) == 0
    bus.sent.append(ChangeEvent("account", ("001A", "001B")))
    assert events.take(connection, bus) == 1
    assert events.take(connection, bus) == 0
    assert sorted(Dirty.objects.values_list("record_id", flat=True)) == ["001A", "001B"]


def test_a_changed_child_is_found_by_the_micro_batch(after_run: Stage) -> None:
    incremental(after_run)
    bus, connection = Bus(), after_run.connection
    events.take(connection, bus)
    (case,) = after_run.query("SELECT Id, AccountId, Priority FROM Case LIMIT 1")
    after_run.org.update("Case", [{"Id": case["Id"], "Priority": "High" if case["Priority"] != "High" else "Low"}])
    bus.sent += [ChangeEvent("ticket", (case["Id"],)), ChangeEvent("ticket", (case["Id"],), gap=True)]
    events.take(connection, bus)
    run = incremental(after_run)
    seen = list(connection.accounts.filter(seen_in=run).values_list("record_id", flat=True))
    assert seen == [case["AccountId"]]
    assert not Dirty.objects.exists()


def test_lost_events_cost_no_change(after_run: Stage) -> None:
    incremental(after_run)
    bus, connection = Bus(), after_run.connection
    events.take(connection, bus)
    (account,) = after_run.query("SELECT Id FROM Account WHERE Type = 'Customer - Direct' LIMIT 1")
    after_run.org.update("Account", [{"Id": account["Id"], "Industry": "Marine"}])
    bus.sent += [ChangeEvent("account", (account["Id"],))] * 3
    bus.forgotten = 3
    events.take(connection, bus)
    assert Dirty.objects.get().reason == "change events were lost"
    run = incremental(after_run)
    assert connection.accounts.filter(seen_in=run, record_id=account["Id"]).exists()
