"""Mending findings in the console: what is offered, and who may."""

from __future__ import annotations

import pytest
from django.test import Client

from sync.models import Finding, Run, Score
from tests.admin import console_cast as cast

pytestmark = pytest.mark.django_db


def test_a_finding_is_shown_with_the_suggestion_first_and_every_valid_value(people: cast.Cast, seen: Client) -> None:
    finding = Finding.objects.get(record_id=people.without_orders.record_id)
    Finding.objects.filter(pk=finding.pk).update(field="sub_segment", message="<b>No</b> sub-segment.")
    result = {"segment": "energy", "sub_segment": "utilities", "sub_segment_why": "Industry is Utilities"}
    Score.objects.filter(account=people.without_orders).update(result=result)
    page = seen.get(f"/findings/{finding.pk}/fix")
    (suggestion,) = page.context["question"].suggestions
    assert suggestion.because == "By the model's rules: industry is Utilities."
    text = page.content.decode()
    assert text.index("Choose Energy › Utilities") < text.index("<optgroup")
    assert "&lt;b&gt;No&lt;/b&gt;" in text
    assert "<b>No" not in text
    keys = [choice.key for group in page.context["question"].offered for choice in group.choices]
    assert "energy/utilities" in keys
    assert not [key for key in keys if key.startswith("energy/") and key.endswith("/machinery")]
    assert f"/findings/{finding.pk}/fix" in seen.get(f"/alerts/{people.alert.pk}").content.decode()
    Finding.objects.filter(pk=finding.pk).update(field="owner_id", rule="owner_inactive")
    assert seen.get(f"/findings/{finding.pk}/fix").status_code == 404
    assert f"/findings/{finding.pk}/fix" not in seen.get(f"/alerts/{people.alert.pk}").content.decode()


def test_a_login_that_the_crm_does_not_know_answers_nothing(people: cast.Cast, seen: Client) -> None:
    finding = Finding.objects.get(record_id=people.gold.record_id)
    page = seen.post(f"/findings/{finding.pk}/fix", {"choice": "uptime_first"}, follow=True)
    assert "Your login has no e-mail address" in page.content.decode()
    assert not Run.objects.filter(kind=Run.Kind.ANSWER).exists()
