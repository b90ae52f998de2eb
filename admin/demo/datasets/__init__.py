"""Data sets a CRM can be filled from: a folder that brings its own mapping file, or one that we have a mapping for.

Each folder here is named after a data set and holds `mapping.yaml`, which says how its files become CRM records, and
`model.yaml`, a segmentation model that makes sense for that company. Where the company has an ERP there are two more:
`erp.yaml` reads its orders straight from the files, and `mapping_accounts_only.yaml` leaves them out of the CRM.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from admin.cli.output import WRONG_INPUT, Stop
from connectors.sandbox import mapping as mappings

MAPPING, MODEL = "mapping.yaml", "model.yaml"
HUBSPOT_MAPPING = "mapping_hubspot.yaml"
ERP, WITHOUT_ORDERS = "erp.yaml", "mapping_accounts_only.yaml"


@dataclass(frozen=True)
class Dataset:
    """Files to fill a CRM from.

    Attributes:
        model: the model that goes with them; None = the default preset.
    """

    directory: Path
    mapping: Path
    model: Path | None

    def with_orders_in_files(self) -> tuple[Path, Path]:
        """Mapping of a CRM without orders, and the mapping by which the orders are read as an ERP's files.

        Raises `Stop` if the data set has no orders of its own.
        """
        pair = self.mapping.with_name(WITHOUT_ORDERS), self.mapping.with_name(ERP)
        if not all(path.is_file() for path in pair):
            raise Stop(
                f"{self.directory} has no {ERP} beside its {MAPPING}, so its orders cannot be left in files.",
                "Run it without --orders-in-files.",
                code=WRONG_INPUT,
            )
        return pair


def find(directory: Path) -> Dataset:
    """The data set in this folder. Raises `Stop` if no mapping fits it."""
    mapping = find_mapping(directory)
    candidates = (directory / MODEL, mapping.parent / MODEL)
    return Dataset(directory, mapping, next((path for path in candidates if path.is_file()), None))


def find_mapping(directory: Path, name: str = MAPPING) -> Path:
    """`mapping.yaml` in the folder, or one of ours all of whose files are there. Raises `Stop` if none fits.

    `name` is that of the mapping files to look for: `HUBSPOT_MAPPING` for a HubSpot account.
    """
    own = directory / name
    if own.is_file():
        return own
    for path in _ours(name):
        if all((directory / name).is_file() for name in mappings.read(path).files()):
            return path
    known = ", ".join(path.parent.name for path in _ours(name))
    raise Stop(
        f"{directory} has no {name}, and its files are none of the data sets known here ({known}).",
        f"Describe the files in {own}, or name a mapping file; connectors/sandbox/LOADING.md shows how.",
        code=WRONG_INPUT,
    )


def _ours(name: str) -> Iterator[Path]:
    """Mapping files of the data sets known here."""
    yield from sorted(Path(__file__).parent.glob(f"*/{name}"))
