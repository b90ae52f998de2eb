"""The state of an installation."""

from .account import AccountState, Dirty, Override, Score, TierMove, refused_key
from .alert import Absence, Alert, AuditEvent, Finding, FindingEvent, Owner
from .answer import Confirmation, UsedLink
from .match import Match
from .message import Delivery, Destination, Notice, Outgoing, Todo
from .portfolio import Calibration, Connection, Portfolio, PublishedModel
from .quality import QualityScore
from .request import Request
from .rhythm import OwnRhythm
from .run import Change, Load, Run

__all__ = [
    "Absence",
    "AccountState",
    "Alert",
    "AuditEvent",
    "Calibration",
    "Change",
    "Confirmation",
    "Connection",
    "Delivery",
    "Destination",
    "Dirty",
    "Finding",
    "FindingEvent",
    "Load",
    "Match",
    "Notice",
    "Outgoing",
    "Override",
    "OwnRhythm",
    "Owner",
    "Portfolio",
    "PublishedModel",
    "QualityScore",
    "Request",
    "Run",
    "Score",
    "TierMove",
    "Todo",
    "UsedLink",
    "refused_key",
]
