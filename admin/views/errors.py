"""Pages for what went wrong: in plain words, with what to do next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        request,
        404,
        "This page does not exist",
        "The address is mistyped, or what it showed has been removed.",
        "Go to the overview and find it from there.",
    )


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        request,
        403,
        "You may not do this",
        str(exception) or "Your login has no right to do this.",
        "Ask your administrator for it: tierline user add YOU --staff",
    )


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's token is missing or too old (cross-site request forgery protection)."""
    return _page(
        request,
        403,
        "This form has expired",
        "It was opened before you logged in or in another window, or your browser sends no cookies. Nothing was done.",
        "Go back, reload the page, and try again.",
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse(
        render_to_string(
            "console/failure.html",
            {
                "title": "This request cannot be read",
                "why": "The address or the form holds something that does not belong there.",
                "next_step": "Go to the overview and try again.",
            },
        ),
        status=400,
    )


def failure(request: HttpRequest) -> HttpResponse:
    """Rendered without database and session: one of them may be what has failed."""
    return HttpResponse(
        render_to_string(
            "console/failure.html",
            {
                "title": "The console could not show this page",
                "why": "The cause stands in the log of the web process. Runs go on; they do not need the console.",
                "next_step": "Try again in a minute. If it stays, ask your administrator to look at that log.",
            },
        ),
        status=500,
    )


def _page(request: HttpRequest, status: int, title: str, why: str, next_step: str) -> HttpResponse:
    return render(request, "console/error.html", {"title": title, "why": why, "next_step": next_step}, status=status)
