"""SOSL: the statement `FIND {words} IN scope RETURNING objects`, and whether a text holds what is searched for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.sandbox.salesforce_api.calls import ApiError

#: Fields searched -> types of fields; an empty set means all that hold text.
SCOPES: dict[str, frozenset[str]] = {
    "ALL": frozenset(),
    "SIDEBAR": frozenset(),
    "NAME": frozenset({"name"}),
    "EMAIL": frozenset({"email"}),
    "PHONE": frozenset({"phone"}),
}
#: Found records at most, and what each object gives unless it is told otherwise.
MOST_FOUND = 2000
_STATEMENT = re.compile(
    r"\s*FIND\s*\{(?P<term>(?:\\.|[^{}\\])*)\}\s*(?:IN\s+(?P<scope>\w+)\s+FIELDS\s*)?"
    r"(?:RETURNING\s+(?P<objects>.*?)\s*)?(?P<with>(?:\bWITH\s+.*?)?)(?:\bLIMIT\s+(?P<limit>\d+)\s*)?\Z",
    re.IGNORECASE | re.DOTALL,
)
_KEYWORD = re.compile(r"'(?:\\.|[^'\\])*'|[()]|\b(WHERE|ORDER\s+BY|LIMIT|OFFSET|USING)\b", re.IGNORECASE)
_TOKEN = re.compile(r'"((?:\\.|[^"\\])*)"|((?:\\.|[^\s"()])+)')
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True)
class Wanted:
    """What is asked of one object: fields, and the clauses of a query that its records must fit as well."""

    object: str
    fields: tuple[str, ...] = ("Id",)
    where: str = ""
    order_by: str = ""
    limit: int = MOST_FOUND
    offset: int = 0


@dataclass(frozen=True)
class Search:
    """A search. No `wanted` means all objects that can be searched."""

    term: str
    scope: str = "ALL"
    wanted: tuple[Wanted, ...] = ()
    limit: int = MOST_FOUND


# unverified: the words of the refusals of a search; their code is MALFORMED_SEARCH.
def malformed(message: str) -> ApiError:
    return ApiError("MALFORMED_SEARCH", message)


def parse(sosl: str) -> Search:
    """Raises ApiError("MALFORMED_SEARCH", ...)."""
    match = _STATEMENT.match(sosl)
    if match is None:
        raise malformed("No search term found. The search term must be enclosed in braces.")
    if match["with"]:
        raise malformed(f"The sandbox does not know this clause: {match['with'].strip()}")
    scope = (match["scope"] or "ALL").upper()
    objects = tuple(_wanted(text) for text in _listed(match["objects"])) if match["objects"] else ()
    return Search(match["term"], scope, objects, int(match["limit"] or MOST_FOUND))


def _listed(text: str) -> Iterator[str]:
    """The parts between the commas that stand in no parentheses."""
    depth, start = 0, 0
    for match in re.finditer(r"'(?:\\.|[^'\\])*'|[(),]", text):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if match[0] == "," and depth == 0:
            yield text[start : match.start()].strip()
            start = match.end()
    yield text[start:].strip()


def _wanted(text: str) -> Wanted:
    match = re.fullmatch(r"(\w+)\s*(?:\((.*)\))?", text, re.DOTALL)
    if match is None:
        raise malformed(f"unexpected token: {text}")
    if match[2] is None:
        return Wanted(match[1])
    clauses = _clauses(match[2])
    if "USING" in clauses:
        raise malformed("The sandbox does not know the clause USING")
    return Wanted(
        match[1], tuple(_listed(clauses[""])), clauses.get("WHERE", ""), clauses.get("ORDER BY", ""),
        int(clauses.get("LIMIT", MOST_FOUND)), int(clauses.get("OFFSET", 0)),
    )  # fmt: skip


def _clauses(text: str) -> dict[str, str]:
    """Text by the keyword before it; "" for what comes first."""
    depth, start, keyword = 0, 0, ""
    found: dict[str, str] = {}
    for match in _KEYWORD.finditer(text):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if match[1] and depth == 0:
            found[keyword] = text[start : match.start()].strip()
            keyword, start = " ".join(match[1].upper().split()), match.end()
    found[keyword] = text[start:].strip()
    for name in ("LIMIT", "OFFSET"):
        if not found.get(name, "0").isdigit():
            raise malformed(f"unexpected token: {found[name]}")
    return found


@dataclass
class Terms:
    """The searched words: groups of which one must fit; of a group all `needed` words and none of `barred`.

    Words are whole words; `*` stands for any letters, `?` for one; in double quotes words follow one another.
    """

    groups: list[Group] = field(default_factory=list)

    @classmethod
    def of(cls, term: str) -> Terms:
        """Raises ApiError("MALFORMED_SEARCH", ...) where nothing is searched for."""
        found = cls([Group()])
        barred = False
        for phrase, word in _TOKEN.findall(term):
            if not phrase and word in ("OR", "AND", "NOT"):
                if word == "OR":
                    found.groups.append(Group())
                barred = word == "NOT"
                continue
            text = phrase or word
            (found.groups[-1].barred if barred else found.groups[-1].needed).append(text)
            barred = False
        if any(not group.needed for group in found.groups):
            raise malformed("The search term is empty")
        if any(len(text.strip('*?"')) < 2 for group in found.groups for text in group.needed):
            raise malformed("search term must be longer than one character")
        return found

    def fit(self, text: str) -> bool:
        return any(
            all(_pattern(word).search(text) for word in group.needed)
            and not any(_pattern(word).search(text) for word in group.barred)
            for group in self.groups
        )

    def likely(self) -> list[str]:
        """One piece of text per group that a fitting record certainly holds."""
        return [max(re.split(r"[*?\s]+", _ESCAPED.sub(r"\1", group.needed[0])), key=len) for group in self.groups]


@dataclass
class Group:
    """See `Terms`."""

    needed: list[str] = field(default_factory=list)
    barred: list[str] = field(default_factory=list)


def _pattern(text: str) -> re.Pattern[str]:
    parts = []
    for escaped, plain in re.findall(r"\\(.)|(.)", text, re.DOTALL):
        wild = {"*": r"\w*", "?": r"\w"}.get(plain)
        parts.append(wild or (r"\W+" if plain.isspace() else re.escape(escaped or plain)))
    return re.compile(r"(?<!\w)" + "".join(parts) + r"(?!\w)", re.IGNORECASE)
