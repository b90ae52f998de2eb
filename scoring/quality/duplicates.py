"""Rule on accounts that may be one company. Candidates for a person to merge: nothing is merged by this."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd

from scoring import alike
from scoring.alike import Block
from scoring.model.shape import RuleKey, Severity
from scoring.quality import across
from scoring.quality.finding import Checked, Problem, name_of
from scoring.quality.values import account_problem

#: Names that share one of these are compared.
_BLOCKS = ("by_key", "by_start", "by_end", "key")
_COMPARED = ("id", "key", "squeezed", "digits", "country", "external", "parent", "made")
#: An account and a newer one.
Pair = tuple[str, str]


class DuplicateAccount:
    """Two customers with the same external id, or with names that differ by spelling, word order or legal form.

    Names whose numbers differ ("Plant 1", "Plant 2"), accounts in different countries, accounts with two different
    external ids and a parent with its child are no candidates. The newer of two accounts carries the finding: about the
    older one that nobody has said to be another company, as long as both are called as they were then.
    """

    id: RuleKey = "duplicate_account"
    title = "Possible duplicate"
    severity: Severity = "medium"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        if not checked.has("account", "name"):
            return
        held = checked.column("account", "id")
        among = None if checked.known is None else set(held)
        accounts = across.of(checked).accounts
        similarity = checked.model.quality.rules.duplicate_account.similarity
        older = candidates(accounts, similarity, among, _apart(checked, accounts), checked.standing)
        told = accounts[accounts["id"].isin(set(older) | set(older.values()))].drop_duplicates("id")
        names, externals = (dict(zip(told["id"], told[column], strict=True)) for column in ("name", "external"))
        other = held.map(older)
        found = other.notna().to_numpy(dtype=bool)
        for row in checked.rows("account", found, other=other.to_numpy(dtype=object)):
            number = str(row.get("external_id") or "").strip()
            shared = number and externals[str(row["id"])] == externals[row["other"]]
            called = names[row["other"]]
            because = f"both have the external id {number}" if shared else "their names differ in spelling only"
            yield account_problem(
                row,
                "name",
                str(row["other"]),
                f"{name_of(row)} may be the same company as {called} ({row['other']}): {because}.",
                "Merge the two in the CRM if they are one; if not, make their names tell them apart.",
                f"{name_of(row)} · {called} · {number}",
            )


def _apart(checked: Checked, accounts: pd.DataFrame) -> set[Pair]:
    """Pairs that people said to be two companies and that are called as they were then."""
    asked = accounts[accounts["id"].isin({each for pair in checked.apart for each in pair})]
    names = dict(zip(asked["id"], asked["name"], strict=True))
    return {
        (older, newer)
        for (older, newer), about in checked.apart.items()
        if older in names and newer in names and about.startswith(f"{names[newer]} · {names[older]} · "[:255])
    }


def candidates(
    accounts: pd.DataFrame,
    similarity: float,
    among: Collection[str] | None = None,
    apart: Collection[Pair] = frozenset(),
    standing: Collection[Pair] = frozenset(),
) -> dict[str, str]:
    """Account -> an older one that may be the same company; of all accounts, or of those `among` them.

    Args:
        accounts: as `Across` describes them.
        apart: pairs that are two companies: never a candidate.
        standing: those of them that are named all the same where nothing else is left, so that their finding rests on.
    """
    frame = _blocked(accounts)
    frame = _sorted(frame) if among is None else frame
    wanted = None if among is None else frame[frame["id"].isin(set(among))]
    found: dict[str, str] = {}
    resting: dict[str, str] = {}
    asked = {newer for _, newer in apart}
    for pair in (*_same(frame, wanted, asked), *_similar(frame, similarity, wanted)):
        older, newer = pair
        if among is not None and newer not in among:
            continue
        if pair not in apart:
            found.setdefault(newer, older)
        elif pair in standing:
            resting[newer] = older
    return {**resting, **found}


def affected(before: pd.DataFrame, after: pd.DataFrame, changed: Collection[str], similarity: float) -> set[str]:
    """Accounts of which another candidate may be found now that these have changed; these themselves included."""
    ids, found = set(changed), set(changed)
    frames = [_blocked(before), _blocked(after)]
    theirs = [frame[frame["id"].isin(ids)] for frame in frames]
    for frame, mine in zip(frames, theirs, strict=True):
        found |= set(frame.loc[frame["external"].isin(_filled(mine["external"])), "id"])
        for block in alike.within(frame, _BLOCKS, mine):
            here = np.array([each in ids for each in block["id"]], dtype=bool)
            changed_ones = {name: values[here] for name, values in block.items()}
            near = (alike.likeness(changed_ones, block, similarity) >= similarity).any(axis=0)
            found |= set(block["id"][near])
    for column in _BLOCKS:  # a block that has become too long, or no longer is
        keys = set(theirs[0][column]) | set(theirs[1][column])
        held = [frame[frame[column].isin(keys)] for frame in frames]
        long = [set(sizes.index[sizes > alike.LONGEST]) for sizes in (each[column].value_counts() for each in held)]
        for each in held:
            found |= set(each.loc[each[column].isin(long[0] ^ long[1]), "id"])
    return found


def _blocked(accounts: pd.DataFrame) -> pd.DataFrame:
    """Customers with a name, with what they are compared by."""
    return alike.blocked(accounts.loc[accounts["in_scope"].to_numpy(dtype=bool), list(_COMPARED)])


def _filled(texts: pd.Series) -> set[str]:
    return set(texts) - {""}


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    """The oldest first."""
    return frame.sort_values(["made", "id"], na_position="first", ignore_index=True)


def _same(frame: pd.DataFrame, wanted: pd.DataFrame | None, asked: Collection[str]) -> Iterator[Pair]:
    """Each account beside the oldest one with the same external id; those `asked` about beside every older one."""
    keys = _filled((frame if wanted is None else wanted)["external"])
    filled = _sorted(frame[frame["external"].isin(keys)])
    oldest = filled.groupby("external")["id"].transform("first")
    repeated = oldest != filled["id"]
    yield from zip(oldest[repeated].tolist(), filled.loc[repeated, "id"].tolist(), strict=True)
    for external in _filled(filled.loc[filled["id"].isin(asked), "external"]):
        ids = filled.loc[filled["external"] == external, "id"].tolist()
        yield from ((older, newer) for place, newer in enumerate(ids) if newer in asked for older in ids[:place])


def _similar(frame: pd.DataFrame, similarity: float, wanted: pd.DataFrame | None) -> Iterator[Pair]:
    """Pairs (older, newer) of similar names that nothing else tells apart."""
    for block in alike.within(frame if wanted is None else _near(frame, wanted), _BLOCKS, wanted):
        for a, b, _ in alike.pairs(block, similarity):
            if not _told_apart(block, a, b):
                yield str(block["id"][a]), str(block["id"][b])


def _near(frame: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """What shares a block with those wanted, the oldest first."""
    shares = np.logical_or.reduce([frame[column].isin(set(wanted[column])) for column in _BLOCKS])
    return _sorted(frame[shares])


def _told_apart(block: Block, a: int, b: int) -> bool:
    """In different countries, with two different external ids, or a parent with its child."""
    ids, parents = block["id"], block["parent"]
    differ = _differ(block["country"], a, b) or _differ(block["external"], a, b)
    return differ or parents[a] == ids[b] or parents[b] == ids[a]


def _differ(texts: np.ndarray, a: int, b: int) -> bool:
    return bool(texts[a] and texts[b] and texts[a] != texts[b])
