"""Records of files in canonical columns, with a count that comes out even: read = delivered + rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatch
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base import COLUMNS, MONEY, TEXT
from connectors.errors import BadInput
from connectors.files.accounts import AccountIndex, CrmAccount
from connectors.files.chunks import Chunk, Rejected
from connectors.files.combining import combine
from connectors.files.delimited import read_delimited
from connectors.files.mapping import ColumnRule, FileMapping, FileSource, near
from connectors.files.matching import AccountMatcher, FileKey, MatchReport
from connectors.files.review import read_decisions, update_review
from connectors.files.tables import read_excel, read_parquet, read_sql
from connectors.files.values import convert

_READERS = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".txt": read_delimited,
    ".parquet": read_parquet,
    ".xlsx": read_excel,
    ".xlsm": read_excel,
}
_AS_TEXT = ColumnRule(column=("",))
_FEW = 5  # bad rows that are no pattern yet, whatever share they are


@dataclass
class Tally:
    """What became of the rows of a source: `read` = `delivered` + `len(rejected)`.

    Attributes:
        records: records delivered; fewer than rows where rows are combined.
    """

    read: int = 0
    delivered: int = 0
    records: int = 0
    rejected: list[Rejected] = field(default_factory=list)

    def __str__(self) -> str:
        """The count as a person reads it, with the reasons and an example of each."""
        lines = [f"{self.read:,} rows read, {self.delivered:,} delivered as {self.records:,} records"]
        if self.rejected:
            lines[0] += f", {len(self.rejected):,} rejected:"
            first = {each.reason: each for each in reversed(self.rejected)}
            for reason, count in Counter(each.reason for each in self.rejected).most_common():
                lines.append(f"  {count:>6,}  e.g. {first[reason]}")
        return "\n".join(lines)


class Reading:
    """One source while it is read. Iterate once, inside a transaction: `BadInput` may come at any batch.

    Attributes:
        schema: of the batches: the mapped columns, constants, and account_id, in the order of `COLUMNS`.
        tally: complete when the iteration has ended.
    """

    def __init__(self, source: FileSource, folder: Path, matcher: AccountMatcher | None) -> None:
        self.source = source
        self.tally = Tally()
        self._folder = folder
        self._matcher = matcher if source.account else None
        self._seen: set[str] = set()
        given = {*source.columns, *source.constants, *(["account_id"] if source.account else [])}
        self.schema = pa.schema([(name, kind) for name, kind in COLUMNS[source.kind].items() if name in given])

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        batches = self._batches()
        if self.source.combine:
            batches = combine(batches, self.schema, self._disagreed)
        for batch in batches:
            self.tally.records += batch.num_rows
            yield batch
        self._judge(final=True)

    def matches(self) -> MatchReport | None:
        """How the rows found their accounts; None for a source without an account key."""
        return self._matcher.report(self.source.title) if self._matcher else None

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for chunk in self._chunks():
            self.tally.read += chunk.columns.num_rows + len(chunk.ragged)
            self.tally.rejected += chunk.ragged
            batch = self._converted(chunk)
            self.tally.delivered += batch.num_rows
            self._judge(final=False)
            if batch.num_rows:
                yield batch

    def _chunks(self) -> Iterator[Chunk]:
        if self.source.url:
            yield from read_sql(self.source)
            return
        for path in find_files(self._folder, self.source.path):
            reader = _READERS.get(path.suffix.lower())
            if reader is None:
                raise BadInput(
                    f"{path.name} has an ending Tierline does not know.",
                    next_step=f"Name it by its format: {', '.join(_READERS)}.",
                )
            yield from reader(path, self.source)

    def _converted(self, chunk: Chunk) -> pa.RecordBatch:
        """The rows of a chunk that can be read; the others go to the tally."""
        columns: dict[str, pa.Array] = {}
        bad: dict[int, Rejected] = {}
        for name, rule in self.source.columns.items():
            raw = _raw(chunk.columns, rule)
            columns[name], reasons = convert(raw, self.schema.field(name).type, rule)
            for row, reason in reasons.items():
                value = str(raw[row].as_py())
                bad.setdefault(row, Rejected(chunk.file, chunk.lines[row], "+".join(rule.column), value, reason))
        for row, rejected in self._id_problems(chunk, columns["id"], bad):
            bad[row] = rejected
        self.tally.rejected += [bad[row] for row in sorted(bad)]
        kept = pa.array([row for row in range(chunk.columns.num_rows) if row not in bad], pa.int64())
        columns = {name: column.take(kept) for name, column in columns.items()}
        if self.source.account:
            columns["account_id"] = self._accounts(chunk.columns.take(kept), columns)
        columns |= {name: self._constant(name, len(kept)) for name in self.source.constants}
        return pa.RecordBatch.from_arrays([columns[name] for name in self.schema.names], schema=self.schema)

    def _constant(self, name: str, rows: int) -> pa.Array:
        value = self.source.constants[name]
        written = str(value).lower() if isinstance(value, bool) else str(value)
        constant, reasons = convert(pa.array([written]), self.schema.field(name).type, _AS_TEXT)
        if reasons:
            raise BadInput(f"The constant {name}: {value!r} {reasons[0]}.", next_step="Correct it in the mapping file.")
        return pa.repeat(constant[0], rows)

    def _id_problems(self, chunk: Chunk, ids: pa.Array, bad: Mapping[int, Rejected]) -> Iterator[tuple[int, Rejected]]:
        """Rows without id, and, unless rows are to be combined, rows whose id was there before."""
        column = "+".join(self.source.columns["id"].column)
        for row, record_id in enumerate(ids.to_pylist()):
            if row in bad:
                continue
            if record_id is None:
                yield row, Rejected(chunk.file, chunk.lines[row], column, "", "the id is empty")
            elif not self.source.combine:
                if record_id in self._seen:
                    reason = "the id was there before; say 'combine: true' if several rows make one record"
                    yield row, Rejected(chunk.file, chunk.lines[row], column, record_id, reason)
                self._seen.add(record_id)

    def _accounts(self, rows: pa.Table, columns: Mapping[str, pa.Array]) -> pa.Array:
        assert self._matcher is not None
        assert self.source.account is not None
        keys = pa.table(
            {
                "external_id": _key_column(rows, self.source.account.external_id),
                "name": _key_column(rows, self.source.account.name),
                "money": columns.get("amount", pa.nulls(rows.num_rows, MONEY)),
            }
        )
        shares = keys.group_by(["external_id", "name"]).aggregate([("money", "sum"), ([], "count_all")])
        for share in shares.to_pylist():
            key = FileKey(share["external_id"], share["name"])
            self._matcher.account_id(key)
            self._matcher.count(key, share["count_all"], share["money_sum"] or Decimal(0))
        pairs = zip(keys["external_id"].to_pylist(), keys["name"].to_pylist(), strict=True)
        return pa.array([self._matcher.account_id(FileKey(*pair)) for pair in pairs], TEXT)

    def _disagreed(self, record_id: str, column: str, rows: int) -> None:
        """Rows of one record that contradict each other: none of them is delivered."""
        reason = f"rows of one record disagree about {column}"
        self.tally.rejected += [Rejected(self.source.title, 0, "id", record_id, reason)] * rows
        self.tally.delivered -= rows

    def _judge(self, *, final: bool) -> None:
        """A few bad rows are reported; many of them mean that the mapping or the file is wrong."""
        rejected, read = self.tally.rejected, self.tally.read
        too_many = len(rejected) > max(_FEW, self.source.max_rejected * read)
        if too_many or (final and rejected and not self.tally.delivered):
            raise BadInput(
                f"{len(rejected):,} of {read:,} rows of {self.source.title} cannot be read; the first: {rejected[0]}.",
                next_step="Correct the file or the column's format in the mapping file, or raise 'max_rejected'.",
            )


class Files:
    """The sources of one mapping file, matched to the accounts of one CRM."""

    def __init__(self, mapping: FileMapping, accounts: Iterable[CrmAccount]) -> None:
        self.mapping = mapping
        self._index = AccountIndex(accounts)
        self._decisions = read_decisions(mapping.review_path)

    def read(self, source: FileSource) -> Reading:
        """One source of the mapping; nothing is read before the iteration starts."""
        return Reading(source, self.mapping.folder, AccountMatcher(self._index, self._decisions))

    def propose(self, reports: Iterable[MatchReport]) -> int:
        """Writes proposals to the review file; returns how many are new."""
        return update_review(self.mapping.review_path, reports)


def find_files(folder: Path, pattern: str) -> list[Path]:
    """The files a source names, in order. Raises `BadInput` if there is none."""
    whole = folder / pattern
    if not any(sign in whole.name for sign in "*?["):
        if whole.is_file():
            return [whole]
        there = [each.name for each in whole.parent.iterdir()] if whole.parent.is_dir() else []
        raise BadInput(f"There is no file {whole}{near(whole.name, there)}.", next_step="Check the path.")
    found = sorted(
        each for each in (whole.parent.iterdir() if whole.parent.is_dir() else ()) if fnmatch(each.name, whole.name)
    )
    if not found:
        raise BadInput(f"No file matches {whole}.", next_step="Check the folder and the pattern.")
    return found


def _raw(rows: pa.Table, rule: ColumnRule) -> pa.Array:
    parts = [rows[name].combine_chunks() for name in rule.column]
    if len(parts) == 1:
        return parts[0]
    return pc.binary_join_element_wise(*[pc.cast(part, TEXT) for part in parts], "-")


def _key_column(rows: pa.Table, name: str) -> pa.Array:
    if not name:
        return pa.repeat("", rows.num_rows)
    text, _ = convert(rows[name].combine_chunks(), TEXT, _AS_TEXT)
    return pc.fill_null(text, "")
