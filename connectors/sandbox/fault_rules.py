"""What a fault plan says: which requests fail and how, how often each rule struck, and a log of all requests."""

from __future__ import annotations

import random
import re
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

LOG_LENGTH = 2000


class Rule(BaseModel):
    """Which requests fail, and how.

    Attributes:
        method: "" for any. `path` and `body` are regular expressions searched in the path with its query
            string and in the request body.
        nth: the first matching request that is hit, counted from 1 since the rule was set.
        times: how many matching requests in a row are hit from there on; 0 means all.
        probability: of a request that would be hit, drawn from dice that `seed` sets; those spared count, too.
        when: "before" the request is applied, or "after" it was applied (and its answer is lost).
        action: "stall" for `seconds` and go on; answer "status" with `reply`; "drop" the connection;
            "corrupt" the answer by cutting it in half; "expire" the session before or after; "limit": refuse, as
            when the day's calls are used up; "duplicate": deliver the request twice and answer as to the second;
            "lock": rows of the write fail with UNABLE_TO_LOCK_ROW, those at the positions `rows` (from 0) and each
            other one with probability `share`.
    """

    model_config = ConfigDict(extra="forbid")

    method: str = ""
    path: str = ""
    body: str = ""
    nth: int = Field(default=1, ge=1)
    times: int = Field(default=1, ge=0)
    probability: float = Field(default=1, gt=0, le=1)
    seed: int = 0
    when: Literal["before", "after"] = "before"
    action: Literal["stall", "status", "drop", "corrupt", "expire", "limit", "duplicate", "lock"]
    seconds: float = Field(default=0, ge=0)
    status: int = Field(default=503, ge=200, le=599)
    reply: Any = None
    headers: dict[str, str] = Field(default_factory=dict)
    rows: list[int] = Field(default_factory=list)
    share: float = Field(default=0, ge=0, le=1)

    @field_validator("path", "body")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return pattern


class ArmedRule:
    """A rule and how often it matched and struck. `dice` serve its probabilities."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.matches = 0
        self.hits = 0
        self.dice = random.Random(rule.seed)  # noqa: S311 - not for secrets

    def strikes(self, method: str, path: str, body: bytes) -> bool:
        """Whether this request is hit; counts it."""
        rule = self.rule
        if rule.method and rule.method.upper() != method:
            return False
        if not re.search(rule.path, path) or not re.search(rule.body, body.decode("utf-8", "replace")):
            return False
        self.matches += 1
        due = self.matches >= rule.nth and (not rule.times or self.matches < rule.nth + rule.times)
        struck = due and (rule.probability == 1 or self.dice.random() < rule.probability)
        self.hits += struck
        return struck


@dataclass(frozen=True)
class LoggedRequest:
    """One request as the log shows it. `status` 0: the connection was dropped without an answer."""

    method: str
    path: str
    status: int
    seconds: float
    rows_sent: int
    rows_returned: int
    fault: str


@dataclass
class FaultPlan:
    """The rules in force and the log, shared by the middleware and the control endpoint."""

    rules: list[ArmedRule] = field(default_factory=list)
    log: deque[LoggedRequest] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))

    def match(self, method: str, path: str, body: bytes) -> ArmedRule | None:
        """The first rule that strikes. Every rule counts the request: `nth` means the same for all."""
        struck = [armed for armed in self.rules if armed.strikes(method, path, body)]
        return struck[0] if struck else None
