"""The port to CRMs: what every connector offers (`Crm`), what only some do, and the values that cross it.

Words are neutral (kind, column); each connector translates them to its CRM's objects and fields. Capabilities are
small protocols of their own: here those that reading and writing ask for, beside this folder those of single features
(`connectors.rights`, `connectors.notifications` ...).
"""

from connectors.base.budget import Budget, Limits, Pace
from connectors.base.bulk import BulkPage, BulkReads, BulkState, BulkWrites
from connectors.base.columns import COLUMNS, DAY, FLAG, INSTANT, MONEY, NUMBER, TEXT, WHOLE, Scalar
from connectors.base.crm import Crm, Identity
from connectors.base.currency import OneCurrency
from connectors.base.events import ChangeEvent, Events, EventSource
from connectors.base.records import Change, Since, WriteResult
from connectors.base.schema import Field, FieldSpec, FieldType, PicklistValue, RuleSpec, SchemaPlan, SchemaStep
from connectors.base.tasks import ChangesTasks, TaskSpec

__all__ = [
    "COLUMNS", "DAY", "FLAG", "INSTANT", "MONEY", "NUMBER", "TEXT", "WHOLE",
    "Budget", "BulkPage", "BulkReads", "BulkState", "BulkWrites", "Change", "ChangeEvent", "ChangesTasks", "Crm",
    "EventSource", "Events", "Field", "FieldSpec", "FieldType", "Identity", "Limits", "OneCurrency", "Pace",
    "PicklistValue", "RuleSpec", "Scalar", "SchemaPlan", "SchemaStep", "Since", "TaskSpec", "WriteResult",
]  # fmt: skip
