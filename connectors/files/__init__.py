"""Business files beside the CRM: orders, invoices, tickets from CSV, Parquet, Excel or SQL, matched to accounts.

`load_mapping` reads the mapping file, `Files` reads its sources: see `Files.read`, `Reading` and `MatchReport`.
"""

from connectors.files.accounts import CrmAccount
from connectors.files.chunks import Rejected
from connectors.files.mapping import FileMapping, FileSource, load_mapping, parse_mapping
from connectors.files.matching import MatchReport
from connectors.files.reader import Files, Reading, Tally, find_files

__all__ = [
    "CrmAccount",
    "FileMapping",
    "FileSource",
    "Files",
    "MatchReport",
    "Reading",
    "Rejected",
    "Tally",
    "find_files",
    "load_mapping",
    "parse_mapping",
]
