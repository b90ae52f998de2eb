"""Rule on accounts that may be one company. Candidates for a person to merge: nothing is merged by this."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from scoring.model_types import RuleKey, Severity
from scoring.quality.finding import Checked, Problem, name_of
from scoring.quality.values import account_problem

#: Words that say what form a company has, not which one it is.
_FORMS = (
    r"ab|ag|aps|as|asa|bv|co|company|corp|corporation|gmbh|inc|incorporated|kg|limited|llc|llp|"
    r"ltd|nv|oy|oyj|plc|pte|pty|sa|sarl|sas|spa|srl|the|and"
)
_FORM = rf"\b(?:{_FORMS})\b"
#: Names in one block are compared pair by pair; a longer block is one of a common word, and says nothing.
_BLOCK = 200


class DuplicateAccount:
    """Two customers with the same external id, or with names that differ by spelling, word order or legal form.

    Names whose numbers differ ("Plant 1", "Plant 2"), accounts in different countries, accounts with two different
    external ids and a parent with its child are no candidates. The newer of two accounts carries the finding.
    """

    id: RuleKey = "duplicate_account"
    title = "Possible duplicate"
    severity: Severity = "medium"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        if not checked.has("account", "name"):
            return
        first = candidates(checked, checked.model.quality.rules.duplicate_account.similarity)
        names, ids = checked.column("account", "name").to_numpy(), checked.column("account", "id").to_numpy()
        other = np.where(first < 0, "", ids[first]) if len(ids) else ids
        called = np.where(first < 0, "", names[first]) if len(ids) else ids
        external = checked.column("account", "external_id")
        shared = (external != "").to_numpy() & (external.str.casefold().to_numpy()[first] == external.str.casefold())
        for row in checked.rows("account", first >= 0, other=other, called=called, shared=np.asarray(shared)):
            number = str(row.get("external_id") or "").strip()
            because = f"both have the external id {number}" if row["shared"] else "their names differ in spelling only"
            yield account_problem(
                row,
                "name",
                str(row["other"]),
                f"{name_of(row)} may be the same company as {row['called']} ({row['other']}): {because}.",
                "Merge the two in the CRM if they are one; if not, make their names tell them apart.",
                f"{name_of(row)} · {row['called']} · {number}",
            )


def candidates(checked: Checked, similarity: float) -> np.ndarray:
    """Per account the row of an older one that may be the same company; -1 where there is none."""
    words = _words(checked.column("account", "name"))
    frame = pd.DataFrame(
        {
            "key": words.str.split().map(sorted).str.join(" "),
            "squeezed": words.str.replace(" ", ""),
            "digits": words.str.findall(r"\d+").map(sorted).str.join(" "),
            "country": checked.column("account", "country").str.casefold(),
            "external": checked.column("account", "external_id").str.casefold(),
            "parent": checked.place("account", "parent_id"),
            "id": checked.column("account", "id"),
            "made": checked.day("account", "created_at"),
        }
    ).reset_index(names="row")
    frame["row"] = np.arange(len(frame))
    frame = frame[checked.in_scope & (frame["squeezed"] != "").to_numpy()]
    frame = frame.sort_values(["made", "id"], na_position="first", ignore_index=True)
    found = np.full(len(checked.in_scope), -1)
    for older, newer in (*_same(frame, "external"), *_similar(frame, similarity)):
        if found[newer] < 0:
            found[newer] = older
    return found


def _words(names: pd.Series) -> pd.Series:
    """Names in small letters without accents, punctuation and legal form; the name itself where nothing is left."""
    plain = names.str.normalize("NFKD").str.replace(r"[\u0300-\u036f]", "", regex=True).str.casefold()
    plain = plain.str.replace("&", " and ").str.replace(r"[.'’]", "", regex=True)
    plain = plain.str.replace(r"[^\w]+", " ", regex=True).str.strip()
    short = plain.str.replace(_FORM, " ", regex=True).str.replace(r"\s+", " ", regex=True).str.strip()
    return short.where(short != "", plain)


def _same(frame: pd.DataFrame, column: str) -> Iterator[tuple[int, int]]:
    """Each row beside the oldest one with the same text in a column."""
    filled = frame[frame[column] != ""]
    oldest = filled.groupby(column)["row"].transform("first")
    repeated = oldest != filled["row"]
    yield from zip(oldest[repeated].tolist(), filled.loc[repeated, "row"].tolist(), strict=True)


def _similar(frame: pd.DataFrame, similarity: float) -> Iterator[tuple[int, int]]:
    """Pairs (older, newer) of similar names that nothing else tells apart."""
    seen: set[tuple[int, int]] = set()
    for blocks in (frame["key"].str[:4], frame["squeezed"].str[:4], frame["squeezed"].str[-5:], frame["key"]):
        sizes = blocks.groupby(blocks).transform("size")
        for _, block in frame[((sizes > 1) & (sizes <= _BLOCK)).to_numpy()].groupby(blocks):
            for older, newer in _pairs(block, similarity):
                if (older, newer) not in seen:
                    seen.add((older, newer))
                    yield older, newer


def _pairs(block: pd.DataFrame, similarity: float) -> Iterator[tuple[int, int]]:
    keys, squeezed = block["key"].tolist(), block["squeezed"].tolist()
    alike = np.maximum(
        process.cdist(keys, keys, scorer=fuzz.ratio, score_cutoff=similarity),
        process.cdist(squeezed, squeezed, scorer=fuzz.ratio, score_cutoff=similarity),
    )
    held = {name: block[name].to_numpy() for name in ("digits", "country", "external", "parent", "row")}
    for a, b in zip(*np.nonzero(np.triu(alike >= similarity, k=1)), strict=True):
        if held["digits"][a] != held["digits"][b] or _differ(held["country"], a, b) or _differ(held["external"], a, b):
            continue
        if held["parent"][a] == held["row"][b] or held["parent"][b] == held["row"][a]:
            continue
        yield int(held["row"][a]), int(held["row"][b])


def _differ(texts: np.ndarray, a: int, b: int) -> bool:
    return bool(texts[a] and texts[b] and texts[a] != texts[b])
