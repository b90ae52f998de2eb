"""The server as a process: the line it prints, its restart, its end; and the pages that show the org."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.sandbox.background import Served
from connectors.sandbox.server import serve
from connectors.sandbox.serving import CannotServe

CODE = "import sys; from pathlib import Path; from connectors.sandbox.server import serve; "


def code(home: Path, port: int = 0, *, tls: bool = False) -> list[str]:
    return [sys.executable, "-c", f"{CODE}serve(Path({str(home)!r}), {port}, tls={tls})"]


@contextmanager
def started(home: Path, **options: Any) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    process = subprocess.Popen(code(home, **options), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()
            process.wait(10)


def userinfo(facts: dict[str, str]) -> requests.Response:
    return requests.get(
        f"{facts['url']}/services/oauth2/userinfo",
        headers={"Authorization": f"Bearer {facts['access_token']}"},
        verify=facts.get("certificate", True),
        timeout=30,
    )


def test_a_restart_keeps_org_tokens_and_credentials(tmp_path: Path) -> None:
    with started(tmp_path) as (process, before):
        assert userinfo(before).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    with started(tmp_path, tls=True) as (process, after):
        changed = {"url", "instance_url", "soap_url", "metadata_url", "certificate"}
        assert {k: v for k, v in before.items() if k not in changed} == {
            k: v for k, v in after.items() if k not in changed
        }
        assert after["url"].startswith("https://127.0.0.1:")
        assert userinfo({**after, "access_token": before["access_token"]}).status_code == 200


def test_it_ends_when_the_process_that_started_it_is_gone(tmp_path: Path) -> None:
    parent = f"import subprocess, sys; print(subprocess.Popen({code(tmp_path)!r}).pid, flush=True); sys.stdin.read()"
    starter = subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        json.loads(starter.stdout.readline())
        starter.kill()
    deadline = time.monotonic() + 10
    while _is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_running(pid)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]


def test_a_taken_port_or_an_unwritable_home_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotServe, match=f"The sandbox cannot listen on .*:{port}"):
            serve(tmp_path / "org", port)
    with pytest.raises(CannotServe, match="cannot be written"):
        serve(tmp_path / "file", 0)


def test_the_pages_show_objects_records_and_custom_fields(served: Served) -> None:
    name = "<b>Kone & söner</b>"
    account = served.org.insert("Account", [{"Name": name, "Industry": "Energy"}])[0].id
    overview = requests.get(served.url, timeout=30)
    assert "/objects/Account" in overview.text
    listing = requests.get(f"{served.url}/objects/Account", params={"q": "kone"}, timeout=30)
    assert "&lt;b&gt;Kone &amp; söner&lt;/b&gt;" in listing.text
    record = requests.get(f"{served.url}/lightning/r/Account/{account}/view", timeout=30)
    assert "Energy" in record.text
    for answer in (overview, listing, record):
        assert name not in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["objects/Nothing", "001000000000000AAA", "favicon.ico", "'%20OR%20Id"])
def test_an_unknown_page_is_not_found(served: Served, path: str) -> None:
    assert requests.get(f"{served.url}/{path}", timeout=30).status_code == 404
