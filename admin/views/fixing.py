"""Mending findings in the console: the choice of one, and what became of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from admin.views.published import Shown, Values
from sync.fixing import answering, choices, questions
from sync.fixing.questions import Question
from sync.links import record_url
from sync.models import Change, Finding, Run


@dataclass(frozen=True)
class Outcome:
    """What became of one record of an answer; `findings` are what is still wrong with what people choose there."""

    change: Change
    words: str
    values: list[Shown]
    url: str
    findings: list[str]

    @property
    def is_closed(self) -> bool:
        return self.change.state == Change.State.VERIFIED and not self.findings


@require_http_methods(["GET", "HEAD", "POST"])
def fix(request: HttpRequest, number: int) -> HttpResponse:
    """One finding with what can be chosen; POST answers it in the name of the CRM user with the login's address."""
    finding = get_object_or_404(Finding.objects.select_related("connection__portfolio", "alert__owner"), pk=number)
    asked = questions.questions(finding.connection.portfolio, [finding])
    if not asked:
        raise Http404
    if request.method == "POST":
        try:
            who = answering.answerer(finding.connection, email_of(request), "console", request.user.get_username())
            given = given_to(asked[0], request.POST)
            run = answering.answer(finding.connection.portfolio, who, [given])
        except (answering.Refused, choices.NoSuchChoice) as refused:
            messages.error(request, str(refused))
            return redirect("fix", number)
        return redirect("answered", answering.finish(run).pk)
    return render(request, "console/fix.html", {"question": asked[0], "finding": finding})


@require_safe
def answered(request: HttpRequest, number: int) -> HttpResponse:
    """What became of an answer."""
    run = get_object_or_404(Run.objects.select_related("portfolio", "model"), pk=number, kind=Run.Kind.ANSWER)
    return render(request, "console/answered.html", outcome(run))


def given_to(question: Question, form: Mapping[str, Any]) -> answering.Answer:
    """The answer that a form sent to this question. Raises NoSuchChoice."""
    seen = {name: str(form.get(f"seen_{name}", "")) for name in question.seen}
    choice = choices.chosen(question.model, question.field, str(form.get("choice", "")), question.held)
    return question.answer(choice, seen)


def outcome(run: Run) -> dict[str, Any]:
    """For templates: the run, its records, and whether it is still at work."""
    values = Values(run.model, run.portfolio)
    changes = list(run.changes.filter(kind="account").select_related("connection"))
    wrong: dict[str, list[str]] = {}
    left = Finding.objects.filter(account_id__in=[change.record_id for change in changes], field__in=choices.CHOSEN)
    for finding in left.filter(state__in=Finding.WAITING).order_by("pk"):
        wrong.setdefault(finding.account_id, []).append(finding.message)
    rows = [
        Outcome(
            change,
            str(Change.State(change.state).label),
            values.brief(change),
            record_url(change.connection, "account", change.record_id),
            wrong.get(change.record_id, []) if change.state == Change.State.VERIFIED else [],
        )
        for change in changes
    ]
    state = Change.State
    return {
        "run": run,
        "who": run.scope["who"]["name"],
        "rows": rows,
        "at_work": run.state == Run.State.ACTIVE,
        "done": sum(row.change.state == state.VERIFIED for row in rows),
    }


def email_of(request: HttpRequest) -> str:
    """The address of the login, by which the CRM may know the person; \"\" for none."""
    return str(getattr(request.user, "email", "") or "")
