"""Pull from business files: ERP orders and the like, read whole at every run, matched to the accounts of the CRM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from django.conf import settings

from connectors.files import CrmAccount, FileMapping, Files, Reading, load_mapping
from connectors.files.accounts import external_key
from sync.matching import matches
from sync.models import Connection

if TYPE_CHECKING:  # a mapping is read without a mirror, and without what that brings
    from sync import mirror


def mapping_of(connection: Connection) -> FileMapping:
    """The mapping file of a connection. Raises `connectors.errors.BadInput`.

    Relative paths start in the folder the administrator named, else beside the mapping file. The review file lies
    in the home folder unless the mapping names one: the folder with the data may not be ours to write to.
    """
    mapping = load_mapping(Path(connection.settings["mapping"]))
    changes: dict[str, object] = {}
    if folder := connection.settings.get("folder"):
        changes["folder"] = Path(folder)
    if "review" not in mapping.model_fields_set:
        changes["review"] = str(settings.HOME / f"{connection.name}-account-review.csv")
    return mapping.model_copy(update=changes)


def kinds(connection: Connection) -> list[str]:
    """Record kinds that the files of a connection deliver, each once, in the order of the mapping."""
    return list(dict.fromkeys(source.kind for source in mapping_of(connection).sources))


def pull(copy: mirror.Mirror, connection: Connection, kind: str) -> None:
    """Put what the files say about a kind in place of what they said before, all or nothing.

    What was read and how it found its accounts is kept in `connection.last_read`.
    """
    mapping = mapping_of(connection)
    copy.keep_only(connection.name, {source.kind for source in mapping.sources})
    files = Files(mapping, _accounts(copy, matches.leads(connection.portfolio)))
    readings = [files.read(source) for source in mapping.sources if source.kind == kind]
    copy.replace(connection.name, kind, _columns(readings), _batches(readings))
    reports = [report for reading in readings if (report := reading.matches())]
    proposed = files.propose(reports)
    lines = [f"{reading.source.title}: {reading.tally}" for reading in readings]
    lines += [str(report) for report in reports]
    if proposed:
        lines.append(f"{proposed} new proposals by name to decide in {mapping.review_path}")
    connection.last_read = {**connection.last_read, kind: "\n".join(lines)}
    connection.save(update_fields=["last_read"])


def _accounts(copy: mirror.Mirror, leads: Mapping[str, str]) -> Iterator[CrmAccount]:
    """The accounts that rows are matched to; a company in two CRMs is one, known by the external ids of both."""
    known = {}
    for record_id, name, external_id in copy.select("account", "id", "name", "external_id"):
        lead = leads.get(record_id, record_id)
        known[lead, external_key(external_id or "")] = CrmAccount(lead, name or "", external_id or "")
    yield from known.values()


def _columns(readings: list[Reading]) -> list[str]:
    return list(dict.fromkeys(name for reading in readings for name in reading.schema.names))


def _batches(readings: list[Reading]) -> Iterator[pa.RecordBatch]:
    for reading in readings:
        yield from reading
