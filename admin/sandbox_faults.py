"""The fault plan of a served sandbox, set and read over its control address."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from admin.cli.output import WRONG_INPUT, Stop


def change(url: str, rules: Path | None, *, clear: bool) -> list[dict[str, Any]]:
    """Clear the plan if asked, add the rules of a file if given, and return what is in force then."""
    address = f"{url.rstrip('/')}/__sandbox__/faults"
    try:
        if clear:
            requests.delete(address, timeout=10).raise_for_status()
        reply = requests.post(address, data=_read(rules), timeout=10) if rules else requests.get(address, timeout=10)
    except requests.RequestException as error:
        raise Stop(f"No sandbox answers at {url}.", "Serve one: tierline sandbox serve --home FOLDER") from error
    if reply.status_code == 400:
        problems = "; ".join(reply.json().get("problems", []))
        raise Stop(f"{rules} holds no fault rules: {problems}", "See connectors/sandbox/README.md.", code=WRONG_INPUT)
    if not reply.ok:
        raise Stop(f"{url} is no sandbox.", "Name the address that `tierline sandbox serve` printed.")
    shown: list[dict[str, Any]] = reply.json()
    return shown


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Stop(f"{path} cannot be read: {error.strerror}.", "Name a JSON file.", code=WRONG_INPUT) from None


def words(rule: Mapping[str, Any]) -> str:
    """A rule and what it did so far, in one line."""
    method, path = rule.get("method") or "any request", rule.get("path") or "any path"
    return f"{rule['action']:8} {method} {path}: met {rule['matches']} times, struck {rule['hits']} times"
