"""The mapping file: how CSV and Parquet files become the records of a CRM. LOADING.md explains it by example.

`read(path)` or `parse(text, source)` give a `Mapping`, or raise `LoadError` that names file, line and key of the first
mistake. Its sections are in `schema` (what the CRM is made of) and `steps` (the records).
"""

from connectors.sandbox.mapping.errors import LoadError
from connectors.sandbox.mapping.file import Mapping
from connectors.sandbox.mapping.part import Scalar
from connectors.sandbox.mapping.reading import parse, read
from connectors.sandbox.mapping.schema import FieldChange, PipelineEntry, PropertyEntry
from connectors.sandbox.mapping.steps import Expression, Join, Rows, Step, Test

__all__ = [
    "Expression", "FieldChange", "Join", "LoadError", "Mapping", "PipelineEntry", "PropertyEntry", "Rows", "Scalar",
    "Step", "Test", "parse", "read",
]  # fmt: skip
