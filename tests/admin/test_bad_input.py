"""Whatever is wrong with input or surroundings: one clear sentence, a next step, exit code not 0, nothing half done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def tierline(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would."""
    return subprocess.run(
        [sys.executable, "-m", "admin", *arguments],
        env={**os.environ, "TIERLINE_HOME": str(home), "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """What the command said; it must have failed politely."""
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stderr
    assert "✗" in done.stderr or "Usage" in done.stderr, done.stderr
    return done.stderr


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    said = complaint(tierline("runs", home=tmp_path / "file" / "home"))
    assert f"cannot write to {tmp_path / 'file' / 'home'}" in said
    assert "TIERLINE_HOME" in said


def test_no_job_queue(tmp_path: Path) -> None:
    said = complaint(tierline("worker", home=tmp_path, REDIS_URL=""))
    assert "REDIS_URL is not set" in said
    assert "tierline up" in said


def test_a_job_queue_that_does_not_answer_without_showing_its_password(tmp_path: Path) -> None:
    said = complaint(tierline("worker", home=tmp_path, REDIS_URL="redis://:hunter2@127.0.0.1:9/0"))
    assert "does not answer at redis://127.0.0.1:9/0" in said
    assert "hunter2" not in said


def test_a_crm_that_cannot_be_reached_leaves_no_connection(tmp_path: Path) -> None:
    said = complaint(
        tierline(
            "connection",
            "add",
            "production",
            "--url",
            "http://127.0.0.1:9",
            "--client-id",
            "key",
            home=tmp_path,
            TIERLINE_CLIENT_SECRET="s3cret-value",
        )
    )
    assert "127.0.0.1" in said
    assert "s3cret-value" not in said
    listed = tierline("connection", "list", "--json", home=tmp_path)
    assert listed.stdout.strip() == "[]"


def test_a_malformed_model_file_is_named_by_file_line_and_key(tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    file.write_text("name: Test\ncurrency: EUR\nclock:\n  period: fortnight\n")
    said = complaint(tierline("model", "check", str(file), home=tmp_path))
    assert f"{file}, line 4: clock.period" in said.replace("\n", " ")
    assert "quarter" in said  # what is allowed


@pytest.mark.parametrize("content", [b"", b"a: [", b"name: \xff\xfe"])
def test_a_file_that_is_no_model_at_all(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "model.yaml"
    file.write_bytes(content)
    assert str(file) in complaint(tierline("model", "check", str(file), home=tmp_path)).replace("\n", "")


def test_a_model_file_that_does_not_exist(tmp_path: Path) -> None:
    assert "nowhere.yaml" in complaint(tierline("model", "check", str(tmp_path / "nowhere.yaml"), home=tmp_path))


def test_a_folder_of_data_that_no_mapping_fits(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "odd.csv").write_text("a,b\n1,2\n")
    said = complaint(tierline("demo", "--once", "--data", str(tmp_path / "data"), home=tmp_path / "home"))
    assert "mapping.yaml" in said


def test_a_demo_never_touches_an_installation_that_is_not_a_demo(tmp_path: Path) -> None:
    tierline("connection", "list", home=tmp_path)
    before = (tmp_path / "state.sqlite3").read_bytes()
    said = complaint(tierline("demo", "--once", "--fresh", home=tmp_path))
    assert "not a demo" in said
    assert (tmp_path / "state.sqlite3").read_bytes() == before


def test_running_without_anything_set_up_says_where_to_begin(tmp_path: Path) -> None:
    assert "connection add" in complaint(tierline("run", home=tmp_path))


def test_running_without_workers_says_so(tmp_path: Path) -> None:
    said = complaint(tierline("run", "show", "7", home=tmp_path))
    assert "no run 7" in said
