"""Writes connectors/UNVERIFIED.md: what no real CRM has confirmed yet, collected from the markers in the code.

A marker is a comment `# unverified: one sentence` above the line that rests on it, in TypeScript `// unverified:`.
Run: python deploy/unverified.py
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "connectors" / "UNVERIFIED.md"
_MARKER = re.compile(r"^\s*(?:#|//) unverified: (?P<text>.+)$")
_MORE = re.compile(r"^\s*(?:#|//)(?!:) (?P<text>.+)$")
_PARTS = {
    "connectors/salesforce": "The Salesforce connector relies on",
    "connectors/hubspot": "The HubSpot connector relies on",
    "admin/card/hubspot": "The card in HubSpot relies on",
    "connectors/sandbox": "The sandbox behaves as if",
}
_SOURCES = (".py", ".ts", ".tsx")


def sentences(source: str) -> list[str]:
    """The sentences of all markers of one file; a marker may go on over several comment lines."""
    found: list[str] = []
    going_on = False
    for line in source.splitlines():
        marker, more = _MARKER.match(line), _MORE.match(line)
        if marker:
            found.append(marker["text"].strip())
        elif going_on and more:
            found[-1] += f" {more['text'].strip()}"
        going_on = bool(marker or (going_on and more)) and not found[-1].endswith(".")
    return found


def render() -> str:
    """The list, by part and file."""
    lines = [
        "# Not verified against the real service",
        "",
        "Neither connectors, cards nor the sandbox have met a real CRM yet. Everything here rests on memory or on a",
        "choice between readings of the documentation; the rest follows documented behaviour. Before you rely on one",
        "of these in production, try it in a sandbox org of your own. This page is generated from markers in the code.",
    ]
    for part, title in _PARTS.items():
        files = {
            path.relative_to(ROOT): sentences(path.read_text(encoding="utf-8"))
            for path in sorted((ROOT / part).rglob("*"))
            if path.suffix in _SOURCES
        }
        if any(files.values()):
            lines += ["", f"## {title}", ""]
            lines += [f"- {text} (`{path}`)" for path, texts in files.items() for text in texts]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
    sys.stdout.write(f"{render().count(chr(10) + '- ')} points in {TARGET.relative_to(ROOT)}\n")
