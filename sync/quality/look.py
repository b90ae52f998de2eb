"""One look at the records of a CRM: what the rules find in them, and the figures that follow.

A run looks when its plan stands, at what the CRM will hold once it is written, so that the line beside each account is
part of the plan. If everything was then written as planned, that look is what the step `findings` records; else it
looks again. Between units a look lies in the run's folder.

The first look of a day, and that of a full run, is at everything. Others are at what changed since the last one, with
the same findings in the end: `scoring.quality.again`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from zlib import crc32

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from django.db.models import QuerySet

from scoring import quality
from scoring.quality import Finding, Score, across, again
from scoring.quality.across import Across
from sync import mirror
from sync.models import Change, Connection, Run
from sync.models import Finding as Kept
from sync.quality import own_rules, records
from sync.rows import portions
from sync.scores import evaluate

#: Findings that are recorded in one job.
MOST = 20_000


@dataclass(frozen=True)
class Look:
    """What was found in the records of one connection.

    Attributes:
        figures: of all accounts; empty where only some were looked at.
        known: of all accounts, for the look after this one.
        accounts: those that were looked at, None for all.
    """

    findings: list[Finding]
    figures: list[Score]
    known: Across
    accounts: frozenset[str] | None = None


def at(run: Run, connection: Connection) -> Look:
    """Look at the records as the CRM holds them now; what is planned and not sent yet counts as written."""
    changed, before = _changed(run, connection), _before(run, connection)
    if changed is None or before is None:
        checked = records.read(run, connection)
        found = quality.check(checked, own_rules.loaded())
        return Look(found, quality.figures(checked, found), across.of(checked))
    result = again.check(partial(records.read, run, connection), before, changed)
    return Look(result.findings, [], result.known, result.accounts)


def parts(run: Run, connection: Connection) -> int:
    """In how many parts the findings of a look that was put aside are recorded."""
    found = int(pq.read_metadata(_path(run, connection, "findings")).num_rows)
    return max(1, -(-max(found, Kept.objects.filter(connection=connection).count()) // MOST))


def findings(run: Run, connection: Connection, part: int, of: int) -> list[Finding]:
    """Those of a look that was put aside that belong to this part; all of a record belong to the same."""
    table = pq.read_table(_path(run, connection, "findings"))
    if of > 1 and table.num_rows:
        table = table.filter(pa.array([_part(key, of) == part for key in table["record_id"].to_pylist()], pa.bool_()))
    return [Finding(**row) for row in table.to_pylist()]


def looked_for(run: Run, connection: Connection, part: int, of: int) -> list[QuerySet[Kept]]:
    """The findings of this part that stand only if the look found them."""
    accounts = _accounts(run, connection)
    ours = Kept.objects.filter(connection=connection)
    if accounts is None and of == 1:
        return [ours]
    asked = None if accounts is None else again.Again([], accounts, _known(run, connection))
    rows = ours.order_by("pk").values_list("pk", "kind", "account_id", "record_id").iterator(chunk_size=5000)
    chosen = [
        pk
        for pk, kind, account, record in rows
        if _part(record, of) == part and (asked is None or asked.speaks_of(kind, account))
    ]
    return [ours.filter(pk__in=some) for some in portions(chosen)]


def _part(record_id: str, of: int) -> int:
    return crc32(record_id.encode()) % of


def _changed(run: Run, connection: Connection) -> set[str] | None:
    """Accounts that have to be looked at; None for all of them.

    All: in a full run, and where packages bring rules of their own, because nobody knows what these look at.
    """
    scope = evaluate.scope(run) if run.kind == Run.Kind.INCREMENTAL else None
    if scope is None or own_rules.loaded():
        return None
    changed = set(scope) | set(run.changes.filter(connection=connection).values_list("parent_id", flat=True))
    changed |= set(run.changes.filter(connection=connection, kind="account").values_list("record_id", flat=True))
    users = [key for name, key in mirror.touched_accounts(run.portfolio_id).users if name == connection.name]
    changed |= _owned(run, connection, users)
    return changed if len(changed) <= evaluate.MANY else None


def _owned(run: Run, connection: Connection, users: Collection[str]) -> set[str]:
    """Accounts that belong to these users, or have a deal that does."""
    found: set[str] = set()
    with mirror.reading(run.portfolio_id, "account", "opportunity") as tables:
        for kind, column in (("account", "id"), ("opportunity", "account_id")) if users else ():
            if kind in tables and "owner_id" in tables[kind].columns:
                table = tables[kind].filter(tables[kind].connection == connection.name)
                for some in portions(sorted(users)):
                    found |= set(table.filter(table.owner_id.isin(list(some)))[column].to_pyarrow().to_pylist())
    return {account for account in found if account}


def _before(run: Run, connection: Connection) -> Across | None:
    """What the last look knew of all accounts; None where there was none today, because dates pass."""
    noted = Connection.objects.values_list("looked", flat=True).get(pk=connection.pk)
    if noted.get("day") != run.today.isoformat():
        return None
    frames = [_known_path(connection, noted["run"], part) for part in ("accounts", "deals")]
    return Across(*(pd.read_parquet(path) for path in frames)) if all(path.exists() for path in frames) else None


def keep(run: Run, connection: Connection, look: Look) -> None:
    """Put it aside for the end of this run."""
    for name, rows in (("findings", look.findings), ("figures", look.figures)):
        _write(pa.Table.from_pylist([asdict(row) for row in rows]), _path(run, connection, name))
    for part, frame in (("accounts", look.known.accounts), ("deals", look.known.deals)):
        _write(pa.Table.from_pandas(frame, preserve_index=False), _path(run, connection, part))
    accounts = None if look.accounts is None else sorted(look.accounts)
    path = _path(run, connection, "looked").with_suffix(".json")
    path.with_suffix(".draft").write_text(json.dumps(accounts))
    path.with_suffix(".draft").replace(path)


def stands(run: Run, connection: Connection) -> bool:
    """Whether a look was put aside, and everything was written as planned and nobody else wrote or looked since."""
    since = run.progress.get("plan", {}).get("looked_at")
    return since is not None and not _went_otherwise(run, connection, since)


def figures(run: Run, connection: Connection) -> list[Score]:
    """Those of the look that was put aside."""
    return [Score(**row) for row in pq.read_table(_path(run, connection, "figures")).to_pylist()]


def _accounts(run: Run, connection: Connection) -> frozenset[str] | None:
    accounts = json.loads(_path(run, connection, "looked").with_suffix(".json").read_text())
    return None if accounts is None else frozenset(accounts)


def _known(run: Run, connection: Connection) -> Across:
    return Across(*(pd.read_parquet(_path(run, connection, part)) for part in ("accounts", "deals")))


def _went_otherwise(run: Run, connection: Connection, since: str) -> bool:
    written = run.changes.filter(connection=connection, kind="account").exclude(state=Change.State.VERIFIED)
    others = Run.objects.filter(portfolio=run.portfolio).exclude(pk=run.pk).exclude(finished_at__lt=since)
    return written.exists() or others.exists()


def remember(run: Run, connection: Connection) -> None:
    """Put what is known of all accounts where the next look finds it; `note` says so, with the findings."""
    for part in ("accounts", "deals"):
        draft = _known_path(connection, run.pk, part).with_suffix(".draft")
        shutil.copyfile(_path(run, connection, part), draft)
        draft.replace(_known_path(connection, run.pk, part))


def note(run: Run, connection: Connection) -> None:
    """The look of this run is the last one: in the transaction that records what it found."""
    Connection.objects.filter(pk=connection.pk).update(looked={"run": run.pk, "day": run.today.isoformat()})


def forget_others(run: Run, connection: Connection) -> None:
    """Take away what earlier looks knew."""
    current = {_known_path(connection, run.pk, part) for part in ("accounts", "deals")}
    pattern = _known_path(connection, 0, "*").name.replace("-0-", "-*-")
    for path in mirror.path(connection.portfolio_id).parent.glob(pattern):
        if path not in current:
            path.unlink(missing_ok=True)


def _known_path(connection: Connection, run: int, part: str) -> Path:
    return mirror.path(connection.portfolio_id).with_suffix(f".known-{connection.pk}-{run}-{part}.parquet")


def _path(run: Run, connection: Connection, name: str) -> Path:
    return evaluate.folder(run) / f"{name}-{connection.pk}.parquet"


def _write(table: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    pq.write_table(table, draft)
    draft.replace(path)
