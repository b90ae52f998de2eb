"""The account of each row, and the report of how each was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from connectors.files.accounts import AccountIndex, Proposal

How = Literal["id", "name", "proposed", "ambiguous", "none"]
_ZERO = Decimal(0)
_EXAMPLES = 5


@dataclass(frozen=True)
class FileKey:
    """An account as a file names it."""

    external_id: str = ""
    name: str = ""

    def __str__(self) -> str:
        """What the review file calls it."""
        return self.external_id or self.name

    @property
    def shown(self) -> str:
        return f"{self.external_id} {self.name}".strip() or "(no key)"


@dataclass
class Share:
    """The rows of one account key."""

    rows: int = 0
    money: Decimal = _ZERO


@dataclass(frozen=True)
class Bucket:
    """Account keys that were found in one way. `examples` are the largest by money."""

    keys: int
    rows: int
    money: Decimal
    examples: tuple[str, ...]


@dataclass(frozen=True)
class MatchReport:
    """How the rows of a source found their accounts.

    Attributes:
        ambiguous: external ids that several accounts of the CRM carry; never matched.
        undecided: proposals, largest first, that wait for a person.
    """

    source: str
    by_id: Bucket
    by_name: Bucket
    proposed: Bucket
    ambiguous: Bucket
    unmatched: Bucket
    undecided: tuple[tuple[FileKey, Proposal, Share], ...] = ()

    @property
    def rows(self) -> int:
        buckets = (self.by_id, self.by_name, self.proposed, self.ambiguous, self.unmatched)
        return sum(bucket.rows for bucket in buckets)

    def __str__(self) -> str:
        """The report as a person reads it."""
        parts = (
            ("matched by id", self.by_id, ""),
            ("matched by name", self.by_name, "reviewed"),
            ("proposed", self.proposed, "decide in the review file"),
            ("ambiguous", self.ambiguous, "several accounts carry this id: correct the CRM"),
            ("not matched", self.unmatched, "give these accounts their external id in the CRM"),
        )
        lines = [f"{self.source}: {self.rows:,} rows"]
        for title, bucket, hint in parts:
            if not bucket.keys and title != "matched by id":
                continue
            line = f"  {title:<16}{bucket.keys:>8,} accounts {bucket.rows:>10,} rows {bucket.money:>20,.2f}"
            lines.append(f"{line}   {hint}".rstrip())
            if bucket.examples and title not in ("matched by id", "matched by name"):
                lines.append(f"  {'':<16}e.g. {'; '.join(bucket.examples)}")
        return "\n".join(lines)


@dataclass
class AccountMatcher:
    """Resolves account keys and keeps count. `decisions`: file key -> account id, "" for none of ours."""

    index: AccountIndex
    decisions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._found: dict[FileKey, tuple[How, str, Proposal | None]] = {}
        self._shares: dict[FileKey, Share] = {}

    def account_id(self, key: FileKey) -> str | None:
        """The account of the rows with this key, or None."""
        if key not in self._found:
            self._found[key] = self._resolve(key)
        return self._found[key][1] or None

    def count(self, key: FileKey, rows: int, money: Decimal) -> None:
        share = self._shares.setdefault(key, Share())
        share.rows += rows
        share.money += money

    def report(self, source: str) -> MatchReport:
        """What was found so far."""
        keys: dict[How, list[FileKey]] = {"id": [], "name": [], "proposed": [], "ambiguous": [], "none": []}
        for key in sorted(self._shares, key=lambda key: (-self._shares[key].money, str(key))):
            keys[self._found[key][0]].append(key)
        undecided = tuple(
            (key, proposal, self._shares[key])
            for key in keys["proposed"]
            if (proposal := self._found[key][2]) is not None
        )
        return MatchReport(
            source=source,
            by_id=self._bucket(keys["id"]),
            by_name=self._bucket(keys["name"]),
            proposed=self._bucket(keys["proposed"]),
            ambiguous=self._bucket(keys["ambiguous"]),
            unmatched=self._bucket(keys["none"]),
            undecided=undecided,
        )

    def _resolve(self, key: FileKey) -> tuple[How, str, Proposal | None]:
        holders = self.index.with_external_id(key.external_id) if key.external_id else ()
        if len(holders) == 1:
            return "id", holders[0], None
        if len(holders) > 1:
            return "ambiguous", "", None
        decided = self.decisions.get(str(key))
        if decided is not None and (decided == "" or decided in self.index.by_id):
            return ("name", decided, None) if decided else ("none", "", None)
        proposal = self.index.similar(key.name) if key.name else None
        return ("proposed", "", proposal) if proposal else ("none", "", None)

    def _bucket(self, keys: Iterable[FileKey]) -> Bucket:
        ordered = list(keys)
        shares = [self._shares[key] for key in ordered]
        return Bucket(
            keys=len(ordered),
            rows=sum(share.rows for share in shares),
            money=sum((share.money for share in shares), _ZERO),
            examples=tuple(self._example(key) for key in ordered[:_EXAMPLES]),
        )

    def _example(self, key: FileKey) -> str:
        proposal = self._found[key][2]
        like = f" like {proposal.account_name!r} ({proposal.score:.0f} %)" if proposal else ""
        return f"{key.shown}{like}"
