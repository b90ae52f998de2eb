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

app = typer.Typer(
    name="tierline",
    help="Keeps value-based customer segmentation true inside the CRM.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("up")(processes.up)
app.command("worker")(processes.worker)
app.command("scheduler")(processes.scheduler)
app.command("web")(processes.web)
app.add_typer(connection.app, name="connection")
app.add_typer(schema.app, name="schema")
app.add_typer(model.app, name="model")
app.add_typer(run.app, name="run")
app.command("runs")(run.runs)
app.command("undo")(decisions.undo)
app.add_typer(alerts.app, name="alerts")
app.add_typer(channels.app, name="channels")
app.command("quality")(quality.quality)
app.command("scenario")(scenario.scenario)
app.add_typer(owners.app, name="owners")
app.add_typer(overrides.app, name="overrides")
app.add_typer(review.app, name="review")
app.add_typer(matches.app, name="matches")
app.command("parity")(parity.parity)
app.add_typer(calibrations.app, name="calibrations")
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(user.app, name="user")
app.add_typer(vault.app, name="vault")
