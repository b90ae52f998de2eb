"""The review file: proposed account matches that a person accepts, corrects or rejects in a spreadsheet.

Columns: file_key and file_name (as the file has them), account_id and account_name (proposed; the id may be
corrected), score, rows, money, decision. `decision` is empty until decided, then "yes" or "no".
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from connectors.errors import BadInput
from connectors.files.matching import MatchReport

COLUMNS = ("file_key", "file_name", "account_id", "account_name", "score", "rows", "money", "decision")
_YES, _NO = frozenset({"yes", "y", "ja", "oui", "x"}), frozenset({"no", "n", "nein", "non"})


def read_decisions(path: Path) -> dict[str, str]:
    """File key -> account id, "" for a rejected proposal; undecided rows are left out. No file: nothing decided.

    Raises `BadInput` naming the line for a decision that is neither yes nor no, or a yes without an account.
    """
    decisions: dict[str, str] = {}
    for line, row in enumerate(_rows(path), start=2):
        answer = row["decision"].strip().lower()
        if not answer:
            continue
        if answer not in _YES | _NO:
            raise BadInput(
                f"{path}, line {line}: decision {row['decision']!r} is neither yes nor no.",
                next_step="Write yes or no in the column 'decision', or leave it empty.",
            )
        if answer in _YES and not row["account_id"].strip():
            raise BadInput(
                f"{path}, line {line}: the decision is yes, but there is no account_id.",
                next_step="Give the account's id, or write no.",
            )
        decisions[row["file_key"]] = row["account_id"].strip() if answer in _YES else ""
    return decisions


def update_review(path: Path, reports: Iterable[MatchReport]) -> int:
    """Adds proposals that are not in the file yet, largest first; what people wrote stays. Returns how many."""
    rows = _rows(path)
    known = {row["file_key"] for row in rows}
    added = 0
    for report in reports:
        for key, proposal, share in report.undecided:
            if str(key) in known:
                continue
            known.add(str(key))
            added += 1
            values = (str(key), key.name, proposal.account_id, proposal.account_name, f"{proposal.score:.1f}")
            rows.append(dict(zip(COLUMNS, (*values, str(share.rows), f"{share.money:.2f}", ""), strict=True)))
    if added:
        _write(path, rows)
    return added


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except FileNotFoundError:
        return []
    except UnicodeDecodeError:
        raise BadInput(
            f"The review file {path} is not UTF-8.", next_step="Save it as 'CSV UTF-8' in the spreadsheet."
        ) from None
    # Spreadsheets of many countries save with semicolons.
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    if lacking := set(COLUMNS) - set(reader.fieldnames or ()):
        raise BadInput(
            f"The review file {path} lacks the column {', '.join(sorted(lacking))}.",
            next_step="Put the column back, or delete the file to have it written again (decisions are lost).",
        )
    return [{name: row[name] or "" for name in COLUMNS} for row in reader]


def _write(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    # In full beside the old one, then swapped in: an interruption must not cost anybody's decisions.
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    os.replace(fresh, path)
