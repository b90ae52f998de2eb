"""Which records of two CRMs are one company: by external id, web domain and name.

Only what leaves no doubt is matched by itself: an external id, or domain and name together, that fit one record in each
CRM and no other. Everything else is for a person to decide, and no record is ever matched twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from scoring import alike, names
from scoring.model.two_crms import TwoCrms

How = Literal["external id", "domain and name", "domain", "name"]
#: Columns that the accounts of a CRM are compared by.
COLUMNS = ("id", "name", "website", "external_id")

#: Domains that say nothing about whose they are: of mail and of pages that anybody can have.
_SHARED = frozenset(
    {
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "aol.com"),
        *("icloud.com", "me.com", "gmx.de", "gmx.net", "gmx.com", "web.de", "t-online.de", "mail.ru", "yandex.ru"),
        *("protonmail.com", "proton.me", "zoho.com", "qq.com", "163.com", "orange.fr", "free.fr", "libero.it"),
        *("facebook.com", "linkedin.com", "instagram.com", "twitter.com", "x.com", "youtube.com", "sites.google.com"),
        *("wordpress.com", "blogspot.com", "wixsite.com", "github.io", "example.com", "example.org"),
    }
)
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://")
#: Accounts of one CRM with the same domain, from which it is taken for one that many share.
_MANY = 5
#: Names of the two CRMs that share one of these are compared.
_BLOCKS = ("by_start", "by_end", "key")


@dataclass(frozen=True)
class Candidate:
    """Two records that may be one company. `certain`: nothing speaks against matching them without a person."""

    first: str
    second: str
    how: How
    why: str
    strength: float
    certain: bool


def candidates(first: pd.DataFrame, second: pd.DataFrame, settings: TwoCrms) -> list[Candidate]:
    """Pairs that may be one company, certain ones first; a record of a certain pair is in no other.

    `first`, `second`: accounts of the two CRMs, with the columns `COLUMNS`.
    """
    here, there = _compared(first, settings), _compared(second, settings)
    found: dict[tuple[str, str], Candidate] = {}
    for each in (*_by_external_id(here, there), *_by_domain(here, there), *_by_name(here, there, settings.similarity)):
        found.setdefault((each.first, each.second), each)
    return _settled(list(found.values()))


def domain(website: str, shared: Collection[str] = ()) -> str:
    """The domain of a web or mail address; "" where there is none, or one that many companies share.

    >>> domain("https://www.Acme.com/contact"), domain("info@acme.com"), domain("gmail.com"), domain("n/a")
    ('acme.com', 'acme.com', '', '')
    """
    host = re.split(r"[/?#]", _SCHEME.sub("", website.strip().casefold()))[0]
    host = host.rpartition("@")[2].partition(":")[0].strip(".").removeprefix("www.")
    known = "." in host and not re.search(r"\s", host)
    return host if known and host not in _SHARED and host not in shared else ""


def _compared(accounts: pd.DataFrame, settings: TwoCrms) -> pd.DataFrame:
    """The accounts with what they are compared by."""
    texts = {name: accounts[name].astype(object).where(accounts[name].notna(), "").astype(str) for name in COLUMNS}
    shared = {each.casefold() for each in settings.shared_domains}
    return pd.DataFrame(
        {
            "id": texts["id"],
            "name": texts["name"],
            "external": texts["external_id"].map(_number),
            "shown": texts["external_id"].str.strip(),
            "domain": [domain(website, shared) for website in texts["website"]],
            **names.compared(texts["name"]),
        }
    )


def _number(text: str) -> str:
    """An external id as it is compared: spreadsheets cut leading zeros."""
    key = text.strip().casefold()
    return key.lstrip("0") if key.isdigit() else key


def _joined(here: pd.DataFrame, there: pd.DataFrame, *columns: str) -> Iterator[tuple[Any, Any]]:
    """Every two accounts that share filled values of these columns; ids, names and external ids of both."""
    shown = ["id", "name", "shown", "domain"]
    filled = [side[(side[list(columns)] != "").all(axis=1)] for side in (here, there)]
    left, right = (side.reset_index(names="place")[["place", *columns]] for side in filled)
    both = left.merge(right, on=list(columns), suffixes=("", "_other"))
    ones, others = here.loc[both["place"], shown], there.loc[both["place_other"], shown]
    yield from zip(ones.itertuples(), others.itertuples(), strict=True)


def _by_external_id(here: pd.DataFrame, there: pd.DataFrame) -> Iterator[Candidate]:
    for one, other in _joined(here, there, "external"):
        why = f"Both have the external id {one.shown}."
        yield Candidate(one.id, other.id, "external id", why, 100, True)


def _by_domain(here: pd.DataFrame, there: pd.DataFrame) -> Iterator[Candidate]:
    """Same domain and name is certain; the domain alone is a proposal, unless many have it."""
    for one, other in _joined(here, there, "domain", "key"):
        why = f"Both are at {one.domain}, and their names agree."
        yield Candidate(one.id, other.id, "domain and name", why, 95, True)
    many = {
        value for side in (here, there) for value, count in Counter(side["domain"]).items() if value and count > _MANY
    }
    few = [side[~side["domain"].isin(many)] for side in (here, there)]
    for one, other in _joined(few[0], few[1], "domain"):
        why = f"Both are at {one.domain}, but one is called {one.name} and the other {other.name}."
        yield Candidate(one.id, other.id, "domain", why, 80, False)


def _by_name(here: pd.DataFrame, there: pd.DataFrame, similarity: float) -> Iterator[Candidate]:
    """Names that are alike, of which nobody knows whether they mean one company."""
    for ones, others in alike.between(alike.blocked(here), alike.blocked(there), _BLOCKS):
        for a, b, likeness in alike.pairs(ones, similarity, others):
            score = round(likeness)
            why = f"{ones['name'][a]} and {others['name'][b]} are called alike ({score} %)."
            yield Candidate(ones["id"][a], others["id"][b], "name", why, min(score, 75), False)


def _settled(found: list[Candidate]) -> list[Candidate]:
    """Certain pairs of which no record is in another; what is left of the others is to be decided."""
    claims = Counter(each.first for each in found if each.certain)
    claims.update(each.second for each in found if each.certain)
    sure = [each for each in found if each.certain and claims[each.first] == claims[each.second] == 1]
    taken = {record for each in sure for record in (each.first, each.second)}
    open_ones = [each for each in found if each.first not in taken and each.second not in taken]
    return [*sure, *(_open(each) for each in open_ones)]


def _open(each: Candidate) -> Candidate:
    why = f"{each.why} So has another record: decide which is meant." if each.certain else each.why
    return Candidate(each.first, each.second, each.how, why, min(each.strength, 90), False)
