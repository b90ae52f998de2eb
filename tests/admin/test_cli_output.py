"""How commands speak: whole cells, aligned figures, commands in an order, each of them importable by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from admin.cli import output
from admin.cli.commands import SECTIONS
from admin.cli.main import app

ROWS = [{"message": "TL-150419143793", "to": "Elin Fors", "about": "one of many words " * 9, "tries": "1"}]


def test_every_command_stands_in_a_section_and_keeps_its_whole_sentence() -> None:
    said = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80"}).output
    assert "More:" not in said, "a new command needs a section in admin/cli/commands.py"
    listed = [name for names in SECTIONS.values() for name in names]
    assert sorted(listed) == sorted(set(listed))
    assert said.index("  demo ") < said.index("  connection ") < said.index("  run ") < said.index("  overrides ")
    assert "..." not in said.partition("See it at work")[2]
    assert "people edited since." in said


def test_options_name_what_they_take() -> None:
    said = CliRunner().invoke(app, ["undo", "--help"]).output
    assert "--account ID" in said
    assert "<bool>" not in said


@pytest.mark.parametrize("width", [80, 40])
def test_no_cell_is_cut(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int) -> None:
    monkeypatch.setattr(output.out, "_width", width)
    output.table(("message", "to", "about", "tries"), ROWS)
    said = capsys.readouterr().out
    assert "…" not in said
    assert "TL-150419143793" in said, "an id stays in one piece, to be copied"
    assert max(map(len, said.splitlines())) <= width


def test_what_is_piped_has_whole_lines(tmp_path: Path) -> None:
    program = "from admin.cli.output import out, table; out.print('word ' * 60); table(('a',), [{'a': 'word ' * 30}])"
    env = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    said = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True).stdout
    assert [len(line.split()) for line in said.splitlines()] == [60, 1, 30]


def test_the_log_of_messages_can_be_imported_first() -> None:
    """Other tests have imported everything by then, which hides a circle."""
    program = "from admin.cli.django_setup import ready; ready(); import admin.messages"
    subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)


def test_a_run_that_is_not_there_is_wrong_input(db: None) -> None:
    said = CliRunner().invoke(app, ["run", "show", "99"])
    assert said.exit_code == output.WRONG_INPUT
