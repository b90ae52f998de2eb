"""The command `tierline`. Modules are imported by the commands that need them, so that --help is quick."""

from __future__ import annotations

import typer

from admin.cli import (
    alerts,
    calibrations,
    channels,
    connection,
    decisions,
    demo,
    doctor,
    matches,
    model,
    overrides,
    owners,
    parity,
    processes,
    quality,
    review,
    run,
    sandbox,
    scenario,
    schema,
    user,
    vault,
)
from admin.cli.commands import Listed

app = typer.Typer(
    name="tierline",
    cls=Listed,
    help="Keeps value-based customer segmentation true inside the CRM.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("up")(processes.up)
app.command("worker")(processes.worker)
app.command("scheduler")(processes.scheduler)
app.command("web")(processes.web)
app.command("doctor")(doctor.doctor)
app.add_typer(connection.app, name="connection", cls=Listed)
app.add_typer(schema.app, name="schema", cls=Listed)
app.add_typer(model.app, name="model", cls=Listed)
app.add_typer(run.app, name="run", cls=Listed)
app.command("runs")(run.runs)
app.command("undo")(decisions.undo)
app.add_typer(alerts.app, name="alerts", cls=Listed)
app.add_typer(channels.app, name="channels", cls=Listed)
app.command("quality")(quality.quality)
app.command("scenario")(scenario.scenario)
app.add_typer(owners.app, name="owners", cls=Listed)
app.add_typer(overrides.app, name="overrides", cls=Listed)
app.add_typer(review.app, name="review", cls=Listed)
app.add_typer(matches.app, name="matches", cls=Listed)
app.command("parity")(parity.parity)
app.add_typer(calibrations.app, name="calibrations", cls=Listed)
app.add_typer(sandbox.app, name="sandbox", cls=Listed)
app.add_typer(user.app, name="user", cls=Listed)
app.add_typer(vault.app, name="vault", cls=Listed)
