"""What a reader may count on: the folders, the size of files and functions, the locks."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {"connectors", "sync", "scoring", "admin", "tests", "deploy"}
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
SOURCES = [ROOT / name for name in TRACKED if name.endswith(".py")]


@pytest.mark.skipif(not TRACKED, reason="this is no git checkout")
def test_there_are_no_other_folders() -> None:
    assert {name.split("/")[0] for name in TRACKED if "/" in name and not name.startswith(".")} == FOLDERS


def test_no_file_is_longer_than_500_lines() -> None:
    long = {path: text.count("\n") for path in SOURCES if (text := path.read_text(encoding="utf-8")).count("\n") > 500}
    assert long == {}


def test_no_function_is_longer_than_60_lines() -> None:
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (node.end_lineno or node.lineno) - node.lineno + 1 > 60
    ]
    assert long == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_dependency_is_locked_with_its_hash(lock: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    if lock == "requirements-dev.lock":
        wanted += project["optional-dependencies"]["dev"]
    names = {re.split(r"[\[<>=;~ ]", each, maxsplit=1)[0].lower().replace("_", "-") for each in wanted}
    text = (ROOT / lock).read_text()
    locked = {name.lower() for name in re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==", text, re.MULTILINE)}
    assert names <= {name.replace("_", "-") for name in locked}
    assert text.count("==") <= text.count("--hash=sha256:")
