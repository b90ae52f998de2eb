"""Company names as they are compared: without case, accents, punctuation and legal form."""

from __future__ import annotations

from unicodedata import normalize

import pandas as pd

#: Words that say what form a company has, not which one it is.
_FORMS = (
    r"ab|ag|aps|as|asa|bv|co|company|corp|corporation|doo|eirl|eood|gmbh|inc|incorporated|kft|kg|limited|llc|llp|"
    r"ltd|ltda|nv|ood|oy|oyj|plc|pte|pty|sa|sarl|sas|sl|slu|sp z oo|sp zoo|spa|spzoo|srl|sro|the|uab|zrt|and|"
    r"ооо|оао|ао|зао|пао|тоо|αε|επε|ικε"
)
_FORM = rf"\b(?:{_FORMS})\b"
#: Those that are written without a blank beside the name.
_JOINED = normalize("NFKD", "株式会社|有限会社|合同会社|股份有限公司|有限公司|주식회사")
#: Letters that no accent makes of another, as they are spelt where keyboards lack them.
_SPELT = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i", "ħ": "h"})
#: What counts several of one name: digits, and a Roman number or one letter at the end ("Fund II", "Plant B").
_NUMBERS = r"\d+|(?<=\w\w )(?:[ivx]+|[a-z])$"


def words(names: pd.Series) -> pd.Series:
    """Names in small letters without accents, punctuation and legal form; the name itself where nothing is left.

    >>> words(pd.Series(["Ärlig & Öl, A.B.", "Łódź Sp. z o.o.", "株式会社東京"], dtype=object)).tolist()
    ['arlig ol', 'lodz', '東京']
    """
    plain = names.str.normalize("NFKD").str.replace(r"[\u0300-\u036f]", "", regex=True).str.casefold()
    plain = plain.str.translate(_SPELT).str.replace("&", " and ").str.replace(r"[.'’]", "", regex=True)
    plain = plain.str.replace(r"[^\w]+", " ", regex=True).str.strip()
    plain = plain.str.replace(r"\b(\w) (?=\w\b)", r"\1", regex=True)  # "J. P.", "S. L."
    short = plain.str.replace(_JOINED, " ", regex=True).str.replace(_FORM, " ", regex=True)
    short = short.str.replace(r"\s+", " ", regex=True).str.strip()
    return short.where(short != "", plain)


def compared(names: pd.Series) -> dict[str, pd.Series]:
    """What tells whether names are alike (`scoring.alike`): key, their words in order; squeezed, without blanks; and
    digits, the numbers in them in order."""
    plain = words(names)
    return {
        "key": plain.str.split().map(sorted).str.join(" "),
        "squeezed": plain.str.replace(" ", ""),
        "digits": plain.str.findall(_NUMBERS).map(sorted).str.join(" "),
    }
