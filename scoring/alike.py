"""Names that are alike, found without comparing every name with every other: only with those that share something.

Frames have the columns of `scoring.names.compared`, and those that `blocked` adds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from rapidfuzz import fuzz, process

#: Names of one block are compared each with each; a longer block is one of a common word, and says nothing.
LONGEST = 200
#: Columns of the rows of one block.
Block = Mapping[str, npt.NDArray[np.object_]]


def blocked(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows with a name, with what they share with others of their blocks."""
    named = frame[frame["squeezed"] != ""]
    return named.assign(
        by_key=named["key"].str[:4], by_start=named["squeezed"].str[:4], by_end=named["squeezed"].str[-5:]
    )


def within(frame: pd.DataFrame, by: Sequence[str], wanted: pd.DataFrame | None = None) -> Iterator[Block]:
    """Blocks of rows that share one of the columns `by`; of those `wanted` only, but with all members."""
    for column in by:
        held = frame if wanted is None else frame[frame[column].isin(set(wanted[column]))]
        sizes = held.groupby(column)[column].transform("size")
        yield from _blocks(held[((sizes > 1) & (sizes <= LONGEST)).to_numpy()], column).values()


def between(here: pd.DataFrame, there: pd.DataFrame, by: Sequence[str]) -> Iterator[tuple[Block, Block]]:
    """Blocks of rows here and there that share one of the columns `by`."""
    for column in by:
        sizes = [side[column].value_counts() for side in (here, there)]
        short = [set(each.index[each <= LONGEST]) for each in sizes]
        ones, others = (_blocks(side[side[column].isin(short[0] & short[1])], column) for side in (here, there))
        for value, block in ones.items():
            yield block, others[value]


def _blocks(frame: pd.DataFrame, column: str) -> dict[str, Block]:
    held = {name: frame[name].to_numpy(dtype=object) for name in frame.columns}
    places = frame.groupby(column).indices
    return {str(value): {name: values[rows] for name, values in held.items()} for value, rows in places.items()}


def likeness(here: Block, there: Block, similarity: float) -> npt.NDArray[np.float32]:
    """How alike each name here is to each there, in percent; 0 where less than this."""
    words, letters = (
        process.cdist(here[column], there[column], scorer=fuzz.ratio, score_cutoff=similarity)
        for column in ("key", "squeezed")
    )
    return np.asarray(np.maximum(words, letters), dtype=np.float32)


def pairs(here: Block, similarity: float, there: Block | None = None) -> Iterator[tuple[int, int, float]]:
    """Places of two names of a block, or of one here and one there, that are so alike and have the same numbers."""
    others = here if there is None else there
    found = likeness(here, others, similarity)
    enough = found >= similarity
    for a, b in zip(*np.nonzero(np.triu(enough, k=1) if there is None else enough), strict=True):
        if here["digits"][a] == others["digits"][b]:
            yield int(a), int(b), float(found[a, b])
