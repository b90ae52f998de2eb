"""Possible duplicates: what a person says of one pair says nothing of another."""

from __future__ import annotations

from datetime import timedelta

from sync.alerts import handling
from sync.alerts.states import Event
from sync.models import Finding
from tests.sync.stage import TODAY, Stage

RULE = "duplicate_account"


def test_each_pair_stands_alone_until_a_name_changes(after_run: Stage) -> None:
    stage = after_run
    row = {"Name": "Zwillingswerk Oy", "Type": "Customer - Direct"}
    first, second, newest = (str(stage.org.insert("Account", [row])[0].id) for _ in range(3))
    day = TODAY

    def looked_at() -> Finding:
        nonlocal day
        day += timedelta(days=1)
        assert stage.run(day).state == "done"
        return Finding.objects.get(rule=RULE, record_id=newest)

    def confirm(finding: Finding) -> None:
        handling.do(stage.portfolio, [finding.pk], Event.CONFIRM, "mika", reason="Two plants.")

    pair = looked_at()
    assert (pair.state, pair.value) == ("open", first)
    confirm(pair)
    pair = looked_at()
    assert (pair.state, pair.value) == ("open", second), "the other candidate is told"
    confirm(pair)
    pair = looked_at()
    assert (pair.state, pair.value) == ("confirmed", second), "nothing is left to say"
    assert Finding.objects.get(rule=RULE, record_id=second).state == "open", "of other accounts nothing was said"

    stage.org.update("Account", [{"Id": first, "Name": "Zwillings Werk Oy"}])
    pair = looked_at()
    assert (pair.state, pair.value) == ("open", first), "it was said of other names"
