"""What a link in a message leads to: a choice for the person the message went to, without a login.

Mail scanners and link previews follow links, so a GET only shows; the answer is a POST. The link itself is the proof
and no cookie counts, so forged requests of other pages have nothing to ride on: whoever can make one has the link.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from admin import pace
from admin.views import fixing, fixing_many
from sync.alerts import handling
from sync.fixing import answering, choices, links, questions, renewing, saying
from sync.fixing.links import Opened
from sync.models import Finding

#: Looks a minute at one message's links, and links a minute from one address that are not ours.
LOOKS = 120
GUESSES = 20
View = Callable[[HttpRequest, str], HttpResponse]


def _closed(view: View) -> View:
    """Nothing of these pages is kept, found by a search engine, or told to where they lead."""

    @login_not_required
    @csrf_exempt
    @wraps(view)
    def wrapped(request: HttpRequest, token: str) -> HttpResponse:
        response = view(request, token)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    closed: View = wrapped
    return closed


@_closed
@require_http_methods(["GET", "HEAD", "POST"])
def fix(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what can be chosen; POST chooses."""
    opened = _open(request, token)
    if isinstance(opened, HttpResponse):
        return opened
    if opened.is_expired:
        return _ended(request, token, opened, "This link has expired", "It was good for a while only.")
    if links.used(opened):
        return _ended(request, token, opened, "This link has been used", "A link is good for one answer. Thank you.")
    if opened.about == "alert":
        return _together(request, token, opened)
    asked = questions.questions(opened.portfolio, findings_of(opened))
    if not asked:
        return _nothing_left(request)
    if request.method == "POST":
        try:
            if deed := request.POST.get("deed"):
                return _say(request, token, opened, asked[0].finding, deed)
            return _answer(request, token, opened, [fixing.given_to(asked[0], request.POST)])
        except (answering.Refused, choices.NoSuchChoice, handling.Refused) as refused:
            return _show(request, opened, asked[0], str(refused))
    return _show(request, opened, asked[0])


def _show(request: HttpRequest, opened: Opened, question: questions.Question, problem: str = "") -> HttpResponse:
    context = {
        "question": question,
        "finding": question.finding,
        "person": opened.delivery.owner,
        "problem": problem,
        "deeds": saying.possible(opened, question.finding),
    }
    return render(request, "console/fix_by_link.html", context, status=400 if problem else 200)


def _say(request: HttpRequest, token: str, opened: Opened, finding: Finding, deed: str) -> HttpResponse:
    """Something else than a value. Raises Refused."""
    reason = request.POST.get("reason", "").replace("\x00", "")[:500]
    try:
        saying.say(opened, finding, deed, reason)
    except answering.AlreadyUsed as used:
        return _ended(request, token, opened, "This link has been used", str(used))
    return _said(request, "Thank you", "It is kept with your name and reason, and whoever has to act on it sees it.")


def _together(request: HttpRequest, token: str, opened: Opened) -> HttpResponse:
    """The findings of an alert, with one answer: chosen, shown as before and after, then written."""
    form = request.POST if request.method == "POST" else request.GET
    group = fixing_many.group_of(opened.portfolio, findings_of(opened), form.get("field", ""))
    if group is None:
        return _nothing_left(request)
    context: dict[str, Any] = {"group": group, "each": fixing_many.EACH, "person": opened.delivery.owner}
    if request.method == "POST":
        try:
            found = fixing_many.wanted(group, request.POST)
            if request.POST.get("step") == "write":
                return _answer(request, token, opened, fixing_many.answers(found))
            context |= {"wanted": found, "choice": request.POST.get("choice", "")}
        except answering.Refused as refused:
            context["problem"] = str(refused)
    return render(request, "console/fix_alert.html", context, status=400 if "problem" in context else 200)


def _answer(request: HttpRequest, token: str, opened: Opened, given: Sequence[answering.Answer]) -> HttpResponse:
    """Spend the link on these answers. Raises Refused."""
    try:
        run = answering.answer(opened.portfolio, answering.reader(opened.delivery), given, opened.link)
    except answering.AlreadyUsed as used:
        return _ended(request, token, opened, "This link has been used", str(used))
    answering.finish(run)
    return redirect("fix_link_answered", token)


@_closed
@require_safe
def answered(request: HttpRequest, token: str) -> HttpResponse:
    """What became of the answer, for some minutes after it."""
    opened = _open(request, token)
    if isinstance(opened, HttpResponse):
        return opened
    given = links.last_answer(opened)
    if given is None or given.run is None:
        return redirect("fix_link", token)
    context = fixing.outcome(given.run)
    again = not context["at_work"] and not answering.is_spent(given.run) and not opened.is_expired
    return render(request, "console/answered_by_link.html", {**context, "token": token, "again": again})


@_closed
@require_POST
def renew(request: HttpRequest, token: str) -> HttpResponse:
    """Send a new link, to the person this one was sent to and nobody else."""
    opened = _open(request, token)
    if isinstance(opened, HttpResponse):
        return opened
    if pace.too_often(f"renew {opened.delivery.owner_id}", 5, minutes=60):
        return _said(request, "A new link is on its way", "Several were sent in the last hour; use the newest.", 429)
    if not renewing.renew(opened):
        return _nothing_left(request)
    return _said(request, "A new link is on its way", "It comes by mail to the address of the first one.")


def findings_of(opened: Opened) -> list[Finding]:
    """What the link is about, as far as it still waits for an answer."""
    waiting = Finding.objects.filter(connection__portfolio=opened.portfolio, state__in=Finding.WAITING)
    chosen = waiting.filter(pk=opened.number) if opened.about == "finding" else waiting.filter(alert=opened.number)
    return list(chosen.select_related("connection__portfolio", "alert__owner").order_by("due_on", "pk"))


def _open(request: HttpRequest, token: str) -> Opened | HttpResponse:
    """The link, or the page that says why there is none."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    try:
        opened = links.read(token)
    except links.NotOurs:
        if pace.too_often(f"guess {address}", GUESSES):
            return _slow_down(request)
        said = "It is incomplete or was changed on its way. Open it from the mail itself, or copy the whole address."
        return _said(request, "This link does not work", said, 404)
    return _slow_down(request) if pace.too_often(f"look {opened.delivery.pk}", LOOKS) else opened


def _slow_down(request: HttpRequest) -> HttpResponse:
    response = _said(request, "Too many requests", "Wait a minute, then open the link again.", 429)
    response["Retry-After"] = "60"
    return response


def _ended(request: HttpRequest, token: str, opened: Opened, title: str, why: str) -> HttpResponse:
    """A link that is over, with the offer of a new one while something waits for an answer."""
    waits = any(questions.can_be_asked(questions.model_of(opened.portfolio), each) for each in findings_of(opened))
    return _said(request, title, why, 410, token=token if waits else "")


def _nothing_left(request: HttpRequest) -> HttpResponse:
    return _said(request, "Nothing has to be done", "What this link was about is right in the CRM now. Thank you.")


def _said(request: HttpRequest, title: str, why: str, status: int = 200, **more: Any) -> HttpResponse:
    return render(request, "console/link_said.html", {"title": title, "why": why, **more}, status=status)
