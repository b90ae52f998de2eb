"""Mending many findings at once in the console: one answer for those of an alert, or a sheet; both shown first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from admin.views import fixing, portfolio
from sync import labels
from sync.fixing import answering, choices, questions, sheet
from sync.fixing.choices import Choice
from sync.fixing.questions import Question
from sync.models import Alert, Connection, Finding, Owner, Portfolio

#: Findings on one page of a group; the next ones follow when these are answered.
SHOWN = 200
#: The answer that gives each record the likely value of its own.
EACH = "suggested"


@dataclass(frozen=True)
class Wanted:
    """One record of a group with what would be chosen for it; None where nothing fits."""

    question: Question
    choice: Choice | None
    seen: Mapping[str, str]
    before: str


@dataclass(frozen=True)
class Group:
    """Findings of an alert that are answered alike. `kinds`: the other groups of the alert, field -> title."""

    field: str
    title: str
    questions: Sequence[Question]
    more: int
    kinds: Mapping[str, str]

    @property
    def has_suggestions(self) -> bool:
        return any(question.suggestions for question in self.questions)


def group_of(chosen: Portfolio, waiting: Sequence[Finding], field: str) -> Group | None:
    """The group of one field, or the first; None where nothing of the alert can be answered here."""
    words, model = labels.labels(chosen), questions.model_of(chosen)
    by_field: dict[str, list[Finding]] = {}
    for finding in waiting:
        if questions.can_be_asked(model, finding):
            together = choices.fields_of(model, finding.field) if model else ()
            by_field.setdefault(together[0], []).append(finding)
    if not by_field:
        return None
    field = field if field in by_field else next(iter(by_field))
    mine = _one_per_account(by_field[field])
    asked = questions.questions(chosen, mine[:SHOWN])
    kinds = {name: words.field(name) for name in by_field if name != field}
    return Group(field, asked[0].title if asked else "", asked, len(mine) - len(asked), kinds) if asked else None


def _one_per_account(findings: Sequence[Finding]) -> list[Finding]:
    """Segment and sub-segment of one account are one question."""
    return list({(each.connection_id, each.account_id): each for each in reversed(findings)}.values())[::-1]


def wanted(group: Group, form: QueryDict) -> list[Wanted]:
    """What a form asks for, record by record. Raises Refused where it asks for nothing."""
    ticked, key = set(form.getlist("finding")), form.get("choice", "")
    words = labels.Labels(group.questions[0].model)
    found = []
    for question in group.questions:
        if str(question.finding.pk) not in ticked:
            continue
        seen = {name: form.get(f"seen_{question.finding.pk}_{name}", value) for name, value in question.seen.items()}
        found.append(Wanted(question, _choice(question, key), seen, questions.said(words, seen)))
    if not found:
        raise answering.Refused("Tick the records that this is the answer for.")
    if all(each.choice is None for each in found):
        raise answering.Refused("Choose a value; none of these records has a suggestion.")
    return found


def _choice(question: Question, key: str) -> Choice | None:
    if key == EACH:
        return question.suggestions[0].choice if question.suggestions else None
    try:
        return choices.chosen(question.model, question.field, key, question.held)
    except choices.NoSuchChoice as refused:
        raise answering.Refused(str(refused)) from None


def answers(found: Sequence[Wanted]) -> list[answering.Answer]:
    return [each.question.answer(each.choice, each.seen) for each in found if each.choice is not None]


@require_http_methods(["GET", "HEAD", "POST"])
def fix_alert(request: HttpRequest, number: int) -> HttpResponse:
    """One answer for findings of an alert: chosen, shown as before and after, then written."""
    alert = get_object_or_404(Alert.objects.select_related("portfolio", "owner__connection"), pk=number)
    waiting = Finding.objects.filter(alert=alert, state__in=Finding.WAITING).order_by("due_on", "pk")
    form = request.POST if request.method == "POST" else request.GET
    found = list(waiting.select_related("connection", "alert__owner"))
    group = group_of(alert.portfolio, found, form.get("field", ""))
    if group is None:
        messages.info(request, "Nothing of this alert can be answered here; mend the records in the CRM.")
        return redirect("alert", number)
    context: dict[str, Any] = {"alert": alert, "group": group, "each": EACH}
    if request.method == "POST":
        try:
            asked = wanted(group, request.POST)
            if request.POST.get("step") == "write":
                return _write(request, alert.portfolio, answers(asked))
            context |= {"wanted": asked, "choice": request.POST.get("choice", "")}
        except answering.Refused as refused:
            messages.error(request, str(refused))
    return render(request, "console/fix_alert.html", context)


def _write(request: HttpRequest, chosen: Portfolio, given: Sequence[answering.Answer]) -> HttpResponse:
    """Write it in the name of the CRM user with the login's address. Raises Refused."""
    connection = Connection.objects.get(pk=given[0].connection) if given else None
    if connection is None or any(each.connection != connection.pk for each in given):
        raise answering.Refused("These records are in several CRMs; answer those of one at a time.")
    email, login = fixing.email_of(request), request.user.get_username()
    run = answering.answer(chosen, answering.answerer(connection, email, "console", login), given)
    return redirect("answered", answering.finish(run).pk)


@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The findings of one owner as a sheet to fill in."""
    chosen = portfolio.current(request)
    owner = request.GET.get("owner", "")
    number = int(owner) if owner.isascii() and owner.isdigit() else 0
    person = get_object_or_404(Owner.objects.filter(portfolio=chosen), pk=number)
    text = sheet.written(sheet.rows(person.portfolio, sheet.asked_of(person)))
    name = f"findings-{person.pk}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
def from_sheet(request: HttpRequest) -> HttpResponse:
    """A sheet that comes back: read, shown as before and after, then written."""
    chosen = portfolio.current(request)
    context: dict[str, Any] = {}
    if request.method == "POST" and chosen is not None:
        try:
            text = _text(request)
            found = sheet.plan(chosen, sheet.read(text))
            if request.POST.get("step") == "write":
                return _write(request, chosen, [each.answer for each in found.changes])
            context = {"plan": found, "text": text, "most": answering.MOST}
        except (answering.Refused, sheet.Unreadable) as refused:
            messages.error(request, str(refused))
    return render(request, "console/fix_sheet.html", context)


def _text(request: HttpRequest) -> str:
    """What was sent: a file at first, its text when it has been shown."""
    file = request.FILES.get("sheet")
    if file is None:
        text = request.POST.get("text", "")
        if not text:
            raise sheet.Unreadable("Choose the file first.")
        return text
    if file.size is None or file.size > 2 * sheet.LONGEST:
        raise sheet.Unreadable("The file is too large; send it in parts.")
    try:
        return str(file.read(), "utf-8-sig")
    except UnicodeDecodeError:
        raise sheet.Unreadable('The file is not in UTF-8. Save it as "CSV UTF-8".') from None
