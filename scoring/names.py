"""Company names as they are compared: without case, accents, punctuation and legal form."""

from __future__ import annotations

import pandas as pd

#: Words that say what form a company has, not which one it is.
_FORMS = (
    r"ab|ag|aps|as|asa|bv|co|company|corp|corporation|gmbh|inc|incorporated|kg|limited|llc|llp|"
    r"ltd|nv|oy|oyj|plc|pte|pty|sa|sarl|sas|spa|srl|the|and"
)
_FORM = rf"\b(?:{_FORMS})\b"


def words(names: pd.Series) -> pd.Series:
    """Names in small letters without accents, punctuation and legal form; the name itself where nothing is left.

    >>> words(pd.Series(["Ärlig & Öl, A.B."], dtype=object))[0]
    'arlig ol'
    """
    plain = names.str.normalize("NFKD").str.replace(r"[\u0300-\u036f]", "", regex=True).str.casefold()
    plain = plain.str.replace("&", " and ").str.replace(r"[.'’]", "", regex=True)
    plain = plain.str.replace(r"[^\w]+", " ", regex=True).str.strip()
    short = plain.str.replace(_FORM, " ", regex=True).str.replace(r"\s+", " ", regex=True).str.strip()
    return short.where(short != "", plain)


def compared(names: pd.Series) -> dict[str, pd.Series]:
    """What tells whether names are alike (`scoring.alike`): key, their words in order; squeezed, without blanks; and
    digits, the numbers in them in order."""
    plain = words(names)
    return {
        "key": plain.str.split().map(sorted).str.join(" "),
        "squeezed": plain.str.replace(" ", ""),
        "digits": plain.str.findall(r"\d+").map(sorted).str.join(" "),
    }
