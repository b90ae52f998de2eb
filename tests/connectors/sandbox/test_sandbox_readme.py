"""What the sandbox's README tells to type, to send and to set is tried as it stands there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import connectors.sandbox
from connectors.sandbox.background import Served

ROOT = Path(connectors.sandbox.__file__).parents[2]
SANDBOX = ROOT / "connectors" / "sandbox"
README = (SANDBOX / "README.md").read_text(encoding="utf-8")
HUBSPOT = (SANDBOX / "HUBSPOT.md").read_text(encoding="utf-8")
DATA = ROOT.parent / "shared" / "data"


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@contextmanager
def typed(line: str, home: Path) -> Iterator[subprocess.Popen[str]]:
    """Runs a command of the README on another folder and on free ports."""
    program, *arguments = shlex.split(re.sub("--home (org|portal)", f"--home {home}", line).replace("8001", "0"))
    assert program == "tierline"
    free = ["--port", "0"] if "mailbox" in arguments else []
    command = [str(Path(sys.executable).parent / program), *arguments, *free]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    with process.stdout:
        try:
            yield process
        finally:
            process.kill()
            process.wait(10)


@pytest.mark.skipif(not DATA.is_dir(), reason="the data sets are not next to the project")
def test_the_commands_load_and_serve_an_org(tmp_path: Path) -> None:
    (block,) = blocks("sh")
    load, serve, mailbox = block.splitlines()
    with typed(load, tmp_path / "org") as process:
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0, said
    with typed(serve, tmp_path / "org") as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        assert {"url", "access_token", "client_id", "client_secret", "username", "password", "org_id"} <= facts.keys()
    with typed(mailbox, tmp_path / "org") as process:
        assert process.stdout is not None
        assert "http://" in process.stdout.readline()


@pytest.mark.skipif(not DATA.is_dir(), reason="the data sets are not next to the project")
def test_the_commands_load_and_serve_a_hubspot_account(tmp_path: Path) -> None:
    (block,) = blocks("sh", HUBSPOT)
    load, serve = block.splitlines()
    with typed(load, tmp_path / "portal") as process:
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0, said
        assert re.search(r"companies +85\n +deals +8,800", said)
    with typed(serve, tmp_path / "portal") as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        assert {"url", "access_token", "client_id", "client_secret", "email", "password", "portal_id"} <= facts.keys()
    with typed(f"{serve} --crm salesforce", tmp_path / "portal") as process:
        said, _ = process.communicate(timeout=60)
        assert "holds a HubSpot sandbox, not a Salesforce one" in " ".join(said.split())


def test_the_fault_rule_drops_the_second_update_after_it_was_applied(served: Served) -> None:
    (rules,) = map(json.loads, blocks("json"))
    assert served.session.post(f"{served.url}/__sandbox__/faults", json=rules, timeout=30).ok
    try:
        (outcome,) = served.org.insert("Account", [{"Name": "before"}])
        row = {"attributes": {"type": "Account"}, "id": outcome.id}
        assert served.request("PATCH", "composite/sobjects", json={"records": [{**row, "Name": "one"}]}).ok
        with pytest.raises(OSError, match=r"aborted|reset|closed"):
            served.request("PATCH", "composite/sobjects", json={"records": [{**row, "Name": "two"}]})
    finally:
        served.session.delete(f"{served.url}/__sandbox__/faults", timeout=30)
    assert served.org.query(f"SELECT Name FROM Account WHERE Id = '{outcome.id}'").records[0]["Name"] == "two"


@pytest.mark.parametrize("text", [README, HUBSPOT], ids=["salesforce", "hubspot"])
def test_every_setting_is_one_the_sandbox_reads(text: str) -> None:
    table = text.partition("## Settings")[2].partition("\n## ")[0]
    settings = dict(re.findall(r"^\| `(\w+)` \| `(.+?)` \|", table, re.MULTILINE))
    sources = "".join(path.read_text(encoding="utf-8") for path in SANDBOX.rglob("*.py"))
    assert len(settings) >= 9
    for name, example in settings.items():
        json.loads(example)
        assert f'"{name}"' in sources, name
