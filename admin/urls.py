"""Where the console's pages are."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, path

from admin.views import (
    account,
    accounts,
    alerts,
    calibrations,
    decisions,
    errors,
    findings,
    fix_links,
    fixing,
    fixing_many,
    health,
    override_decisions,
    overrides,
    overview,
    portfolio,
    punctuality,
    quality,
    review,
    rollout,
    run,
    runs,
    webhooks,
)

login = LoginView.as_view(template_name="console/login.html", redirect_authenticated_user=True)

urlpatterns: list[URLPattern] = [
    path("", overview.show, name="overview"),
    path("login", login, name="login"),
    path("logout", LogoutView.as_view(), name="logout"),
    path("health", health.health, name="health"),
    path("webhooks/hubspot/<int:number>", webhooks.hubspot, name="hubspot_webhook"),
    path("portfolio", portfolio.choose, name="portfolio"),
    path("runs", runs.index, name="runs"),
    path("runs/start", runs.start, name="start_run"),
    path("runs/<int:number>", run.show, name="run"),
    path("runs/<int:number>/progress", run.progress, name="run_progress"),
    path("runs/<int:number>/decide", decisions.decide, name="decide"),
    path("runs/<int:number>/undo", decisions.ask_undo, name="undo"),
    path("runs/<int:number>/undo/start", decisions.undo, name="start_undo"),
    path("runs/<int:number>/outcomes.csv", run.outcomes, name="run_outcomes"),
    path("accounts", accounts.index, name="accounts"),
    path("accounts.csv", accounts.download, name="accounts_csv"),
    path("accounts/<int:number>", account.show, name="account"),
    path("alerts", alerts.index, name="alerts"),
    path("alerts/sla", punctuality.show, name="sla"),
    path("alerts/<int:number>", alerts.show, name="alert"),
    path("alerts/export.csv", fixing_many.export, name="alerts_export"),
    path("alerts/import", fixing_many.from_sheet, name="alerts_import"),
    path("alerts/<int:number>/fix", fixing_many.fix_alert, name="fix_alert"),
    path("fix/<str:token>", fix_links.fix, name="fix_link"),
    path("fix/<str:token>/answered", fix_links.answered, name="fix_link_answered"),
    path("fix/<str:token>/renew", fix_links.renew, name="renew_link"),
    path("findings/<int:number>/fix", fixing.fix, name="fix"),
    path("answers/<int:number>", fixing.answered, name="answered"),
    path("alerts/<int:number>/handle", findings.handle_alert, name="handle_alert"),
    path("findings/<int:number>", findings.show, name="finding"),
    path("findings/<int:number>/handle", findings.handle, name="handle_finding"),
    path("quality", quality.index, name="quality"),
    path("quality/findings", quality.findings, name="quality_findings"),
    path("accounts/<int:number>/override", override_decisions.ask, name="ask_override"),
    path("overrides", overrides.index, name="overrides"),
    path("overrides.csv", overrides.download, name="overrides_csv"),
    path("overrides/<int:number>", overrides.show, name="override"),
    path("overrides/<int:number>/decide", override_decisions.decide, name="decide_override"),
    path("mandatory", rollout.index, name="rollout"),
    path("review", review.index, name="review"),
    path("review.csv", review.download, name="review_csv"),
    path("review/decide", review.decide, name="decide_review"),
    path("calibrations", calibrations.index, name="calibrations"),
    path("calibrations/<int:number>", calibrations.show, name="calibration"),
    path("calibrations/<int:number>/accounts.csv", calibrations.download, name="calibration_csv"),
    path("calibrations/<int:number>/decide", calibrations.decide, name="decide_calibration"),
]

handler400 = errors.bad_request
handler403 = errors.not_allowed
handler404 = errors.not_found
handler500 = errors.failure
