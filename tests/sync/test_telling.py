"""When messages go out: digests, quiet hours, own rhythms; and that nothing is lost or told twice."""

from __future__ import annotations

import smtplib
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from scoring import model as models
from scoring import presets
from scoring.model.errors import ModelError
from sync.alerts import notices, own_rhythms
from sync.models import Alert, AuditEvent, Delivery, Finding, Notice, PublishedModel
from tests.sync.office import NOW, Office, at, found

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RULES = """
alerts:
  time_zone: Europe/Helsinki
  rhythm: {high: immediate, medium: daily, low: weekly}
  send_on: working_days
  quiet_hours: {from: "19:00", until: "07:00"}
"""


EVENING, MORNING = NOW.replace(hour=20), NOW.replace(day=24, hour=5)


def office(rules: str = RULES, people: int = 1) -> Office:
    """With these rules about messages. NOW is Monday, 11:00 in Helsinki."""
    made = Office.open(people)
    text = presets.text("default") + rules
    model = models.parse(text, "rules.yaml")
    made.published = PublishedModel.objects.create(
        portfolio=made.portfolio, fingerprint=model.fingerprint(), text=text, source="rules.yaml"
    )
    return made


def test_severe_problems_are_told_at_once_and_the_others_in_one_digest(db: None) -> None:
    team = office()
    one = found(1)
    team.check([one])
    assert team.send(NOW + HOUR) == 0
    team.check([one, found(2), found(3, rule="not_in_list", severity="high")], NOW + HOUR)
    assert team.send(NOW + HOUR) == 1
    assert "Account 3" in mail.outbox[0].body
    assert "Account 1" not in mail.outbox[0].body
    tuesday = NOW + 21 * HOUR  # 08:00
    assert team.send(tuesday - timedelta(minutes=1)) == 0
    assert team.send(tuesday) == 1
    assert mail.outbox[1].subject == "2 records: Value missing"
    team.check([found(2), found(4), found(5, rule="stale", severity="low")], tuesday + HOUR)
    assert team.send(tuesday + DAY) == 1
    told = mail.outbox[2].body
    assert "== 2 records: Value missing, 1 new, until" in told
    assert told.index("Account 4") < told.index("Account 2"), "what is new comes first"
    assert "Closed since the last message: 2 (Account 3, Account 1)." in told or "(Account 1, Account 3)" in told
    assert team.send(tuesday + 5 * DAY) == 0
    assert team.send(tuesday + 6 * DAY) == 1, "on Monday"
    assert "Account 5" in mail.outbox[3].body


def test_a_queue_that_is_late_sends_nothing_at_night_and_neither_does_a_second_try(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = office()
    team.check([found(1, severity="high")], NOW + 7 * HOUR)
    night, morning = NOW + 9 * HOUR, NOW + 20 * HOUR
    assert team.send(night) == 1
    assert mail.outbox == []
    assert Delivery.objects.get().not_before == morning

    def away(*_: Any) -> None:
        raise smtplib.SMTPServerDisconnected("gone")

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", away)
        evening = morning + 12 * HOUR - timedelta(seconds=20)
        team.send(evening)
    assert Delivery.objects.get().not_before == morning + DAY, "the next try would be after 19:00"
    assert team.send(morning + DAY) == 1
    assert len(mail.outbox) == 1


def test_the_model_may_let_severe_problems_through_at_night(db: None) -> None:
    team = office(RULES.replace('"07:00"}', '"07:00", break_for: [high]}'))
    team.check([found(1), found(2, rule="not_in_list", severity="high")], NOW + 12 * HOUR)
    assert team.send(NOW + 12 * HOUR) == 1
    assert "Account 2" in mail.outbox[0].body
    assert "Account 1" not in mail.outbox[0].body


def test_a_person_chooses_within_what_the_model_allows_and_what_waits_moves_with_it(db: None) -> None:
    team = office(RULES + "  own_choice: {slowest: {high: hourly, medium: daily, low: weekly}}\n")
    team.check([found(1)])
    for wanted, said in (
        ({"high": "daily"}, "later than hourly"),
        ({"low": "yearly"}, "no rhythm"),
        ({"time_zone": "Mars/Base"}, "no time zone"),
        ({"at": "25:00"}, "no time of day"),
        ({"weekday": "sunday"}, "no day on which messages go out"),
        ({"quiet_from": "12:00"}, "both a beginning and an end"),
        ({"quiet_from": "12:00", "quiet_until": "12:00"}, "all day"),
    ):
        with pytest.raises(own_rhythms.NotAllowed, match=said):
            own_rhythms.choose(team.portfolio, "seller1@example.com", "mika", **wanted)
    with pytest.raises(own_rhythms.NotAllowed, match="has ever had an alert"):
        own_rhythms.choose(team.portfolio, "nobody@example.com", "mika", medium="hourly")
    assert not AuditEvent.objects.filter(action="rhythm chosen").exists()
    with at(NOW):
        own_rhythms.choose(team.portfolio, "Seller1@Example.com", "mika", medium="hourly")
    (noted,) = AuditEvent.objects.filter(action="rhythm chosen")
    assert (noted.actor, noted.subject, noted.detail["after"]) == ("mika", "seller1@example.com", {"medium": "hourly"})
    assert team.send(NOW + HOUR) == 1, "not tomorrow"
    own_rhythms.choose(team.portfolio, "seller1@example.com", "mika", medium="", at="10:30", time_zone="UTC")
    team.check([found(1), found(2)], NOW + 2 * HOUR)
    assert Delivery.objects.get(state="pending").not_before == NOW + DAY + timedelta(minutes=90)


STEP = st.tuples(
    st.sampled_from(["find", "find", "find", "send", "send", "fail", "kill"]),
    st.integers(1, 8),  # hours that pass before
    st.sampled_from(["high", "medium", "low"]),
    st.integers(1, 2),  # whose
)


class NothingIsLost(TestCase):
    """Whatever happens in whatever order: everything is told, once under one id, and never at night."""

    @settings(
        max_examples=8,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(steps=st.lists(STEP, min_size=3, max_size=14), breaking=st.booleans())
    def test_nothing_is_lost_told_twice_or_sent_at_night(self, steps: list[Any], breaking: bool) -> None:
        rules = RULES.replace('"07:00"}', '"07:00", break_for: [high]}') if breaking else RULES
        team, now, wrong, mail.outbox = office(rules, people=2), NOW, [], []
        sent: list[tuple[datetime, str, str]] = []
        keys = {"high": "not_in_list", "medium": "missing", "low": "stale"}
        for number, (what, hours, severity, whose) in enumerate(steps):
            now += hours * HOUR
            if what == "find":
                wrong.append(found(number, f"u{whose}", keys[severity], severity))
                team.check(wrong, now)
                continue
            with pytest.MonkeyPatch.context() as patch:
                if what == "fail":
                    patch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", _away)
                self._send(team, now, sent)
            if what == "kill":  # after sending, before it is recorded
                newest = Delivery.objects.filter(state="sent").order_by("-sent_at").first()
                if newest is not None and newest.sent_at == now:
                    Delivery.objects.filter(pk=newest.pk).update(state="pending", sent_at=None)
        waiting = Delivery.objects.filter(state="pending")
        while pending := list(waiting.all()):
            soonest = min(each.not_before or now for each in pending)
            now = max(now + HOUR / 12, soonest)
            self._send(team, now, sent)
        self._check(team, sent, wrong, breaking, kills=[step[0] for step in steps].count("kill"))

    def _send(self, team: Office, now: datetime, sent: list[tuple[datetime, str, str]]) -> None:
        before = len(mail.outbox)
        team.send(now)
        sent += [(now, str(each.extra_headers["Message-ID"]), str(each.body)) for each in mail.outbox[before:]]

    def _check(
        self, team: Office, sent: list[tuple[datetime, str, str]], wrong: list[Any], breaking: bool, kills: int
    ) -> None:
        assert not Delivery.objects.exclude(state="sent").exists()
        # A mail program keeps the first mail with an id and drops a second.
        once = {key: body for _, key, body in reversed(sent)}
        assert len(sent) - len(once) <= kills, "only a kill sends again"
        told = Counter(
            (pk, channel) for pk, channel in Delivery.alerts.through.objects.values_list("alert", "delivery__channel")
        )
        assert {pk for pk, _ in told} == set(Alert.objects.values_list("pk", flat=True))
        for item in wrong:
            assert any(f"- {item.record_name}\n" in body for body in once.values()), f"{item.record_name} is lost"
        assert Finding.objects.filter(state="open").count() == len(wrong)
        for now, _, body in sent:
            local = now + 2 * HOUR  # Helsinki in winter
            open_now = local.weekday() < 5 and 7 <= local.hour < 19
            assert open_now or (breaking and "not in the list" in body)


def _away(*_: Any) -> None:
    raise smtplib.SMTPServerDisconnected("gone")


@pytest.mark.parametrize(
    ("now", "later"),
    [(EVENING, MORNING), (NOW.replace(day=28), NOW.replace(day=30, hour=5))],
    ids=["in quiet hours", "on a Saturday"],
)
def test_what_others_hear_of_waits_for_their_hours_and_working_days(db: None, now: datetime, later: datetime) -> None:
    made = office()
    made.check([found(1)])
    owner = Alert.objects.get().owner
    notices.left_lying(owner, list(Finding.objects.all()), "It lies.", now)
    notice = Notice.objects.get()
    notices.send(notice, now)
    notice.refresh_from_db()
    assert (mail.outbox, notice.state, notice.not_before) == ([], "pending", later)
    notices.send(notice, later)
    assert [each.to for each in mail.outbox] == [["seller1@example.com"]]


def test_what_the_administrator_must_hear_about_the_product_does_not_wait(db: None) -> None:
    made = office()
    Notice.objects.create(portfolio=made.portfolio, key="x", subject="A run failed", body="Look.")
    notices.send(Notice.objects.get(), EVENING)
    assert Notice.objects.get().state == "sent"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alerts: {working_days: [monday]}", "write `send_on: working_days`"),
        ("alerts: {digest: {weekday: sunday}, send_on: working_days}", "is no working day"),
    ],
)
def test_days_stand_once_in_a_model(text: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        models.parse(f"{presets.text('default')}\n{text}\n", "rules.yaml")
    old = presets.text("default").replace("    stops_when", "    working_days: [monday]\n    stops_when")
    with pytest.raises(ModelError, match="stands once, at the top of the file"):
        models.parse(old, "rules.yaml")
