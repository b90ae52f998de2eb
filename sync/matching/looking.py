"""A look at the accounts of both CRMs: which are one company, and which matches no longer hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pandas as pd
from django.db import transaction
from django.db.models import Q

from scoring import matching
from scoring.matching import Candidate
from sync import absent, audit, mirror, outputs
from sync.matching import matches
from sync.models import Connection, Match, Run

State = Match.State
#: In whose name what leaves no doubt is matched.
US = "Tierline"


def look(run: Run, copy: mirror.Mirror) -> None:
    """Match what is certain, propose the rest, release what a merge or deletion took away.

    Nothing is done while one of the CRMs has not been read to the end: half a list would tear matches apart.
    """
    both = matches.crms_of(run.portfolio)
    if (
        both is None
        or absent.names(run)
        or not all(copy.read_to_end(connection.name, "account") for connection in both)
    ):
        return
    accounts = [copy.columns(connection.name, "account", matching.COLUMNS) for connection in both]
    looked = _Looked(copy.database)
    mark = _mark(run, accounts)
    if looked.already(run, mark):
        return
    held = [set(frame["id"]) for frame in accounts]
    known = list(Match.objects.filter(portfolio=run.portfolio, first=both[0], second=both[1]))
    there = [match for match in known if match.first_record in held[0] and match.second_record in held[1]]
    kept = {match.pk for match in there}
    with transaction.atomic():
        _release([match for match in known if match.pk not in kept], run)
        taken = {
            each
            for match in there
            if match.state == State.CONFIRMED
            for each in (match.first_record, match.second_record)
        }
        free = [frame[~frame["id"].isin(taken)] for frame in accounts]
        found = matching.candidates(free[0], free[1], outputs.model(run.model).two_crms)
        _record(run, both, there, found, [dict(zip(each["id"], each["name"], strict=True)) for each in free])
    looked.keep(run, mark)


def _mark(run: Run, accounts: Sequence[pd.DataFrame]) -> str:
    """Tells whether anything that accounts are compared by is another; their order says nothing."""
    sums = (int(pd.util.hash_pandas_object(frame.astype(str), index=False).sum()) for frame in accounts)
    return " ".join(map(str, (run.model.fingerprint, *map(len, accounts), *sums)))


class _Looked:
    """On what the last look was, kept with the mirror: comparing all companies takes minutes in a large org.

    A micro-batch that finds nothing new does not look again, and no run looks twice; each full run looks once.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self._database = database
        database.execute("CREATE TABLE IF NOT EXISTS tierline_looked (run BIGINT, mark VARCHAR)")

    def already(self, run: Run, mark: str) -> bool:
        found = self._database.execute("SELECT run FROM tierline_looked WHERE mark = ?", [mark]).fetchone()
        return found is not None and (run.kind == Run.Kind.INCREMENTAL or found[0] == run.pk)

    def keep(self, run: Run, mark: str) -> None:
        self._database.execute("DELETE FROM tierline_looked")
        self._database.execute("INSERT INTO tierline_looked VALUES (?, ?)", [run.pk, mark])


def _release(gone: Sequence[Match], run: Run) -> None:
    """A record of these is deleted, or merged into another, which is looked for like any other."""
    for match in gone:
        if match.state == State.CONFIRMED:
            Match.objects.filter(pk=match.pk).update(state=State.RELEASED, run=run, differences={})
            audit.note(run.portfolio, US, "match released", str(match), match=match.pk)
        elif match.state == State.PROPOSED:
            match.delete()


def _record(
    run: Run,
    both: tuple[Connection, Connection],
    known: Sequence[Match],
    found: Sequence[Candidate],
    names: Sequence[Mapping[str, str]],
) -> None:
    before = {(match.first_record, match.second_record): match for match in known}
    wanted = {(each.first, each.second) for each in found}
    for pair, match in before.items():
        if match.state == State.PROPOSED and pair not in wanted:
            match.delete()
    for each in found:
        held = before.get((each.first, each.second))
        if held is not None and held.state == State.REJECTED:
            continue
        match = held or Match(portfolio=run.portfolio, first=both[0], second=both[1])
        match.first_record, match.second_record = each.first, each.second
        match.how, match.strength = each.how, each.strength
        match.first_name = str(names[0].get(each.first) or each.first)[:255]
        match.second_name = str(names[1].get(each.second) or each.second)[:255]
        match.why = each.why[:700]
        match.run = run
        match.state = State.CONFIRMED if each.certain else State.PROPOSED
        match.decided_by = US if each.certain else ""
        match.save()
        if each.certain:
            audit.note(run.portfolio, US, "match confirmed", str(match), match=match.pk, how=match.how)


def touched(run: Run) -> set[str]:
    """Records that this run has matched or released, or one that did not end well."""
    unscored = Q(run=run) | ~Q(run__state=Run.State.DONE)
    rows = Match.objects.filter(unscored, portfolio=run.portfolio, state__in=(State.CONFIRMED, State.RELEASED))
    return {record for pair in rows.values_list("first_record", "second_record") for record in pair}
