"""Where the console's pages are."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, path

from admin.views import errors, health, portfolio, run, runs

urlpatterns: list[URLPattern] = [
    path("", runs.index, name="overview"),
    path(
        "login", LoginView.as_view(template_name="console/login.html", redirect_authenticated_user=True), name="login"
    ),
    path("logout", LogoutView.as_view(), name="logout"),
    path("health", health.health, name="health"),
    path("portfolio", portfolio.choose, name="portfolio"),
    path("runs", runs.index, name="runs"),
    path("runs/start", runs.start, name="start_run"),
    path("runs/<int:number>", run.show, name="run"),
    path("runs/<int:number>/progress", run.progress, name="run_progress"),
    path("runs/<int:number>/outcomes.csv", run.outcomes, name="run_outcomes"),
]

handler400 = errors.bad_request
handler403 = errors.not_allowed
handler404 = errors.not_found
handler500 = errors.failure
