"""Scoring by more workers than the one that has the run.

What a chunk's scores go by lies ready when the first is scored, so any worker may score any chunk. The one that has the
run goes from the first chunk on, others come towards it from the last; it takes what it finds scored, and scores what a
helper began and did not end. So helpers record nothing, and one that is killed costs its help alone.
"""

from __future__ import annotations

import os
import time

from sync.models import Run
from sync.scores import evaluate

#: Chunks from which help is worth a job: fewer are scored before it has begun.
FROM = 10
#: Seconds that one job helps; there is other work in the queue.
SHIFT = 20.0


def wanted(run_id: int) -> bool:
    """Whether scoring has just begun, of so many accounts that it takes a while."""
    run = Run.objects.get(pk=run_id)
    state = run.progress.get("score", {})
    return bool(run.step == Run.Step.SCORE and state.get("done") == 0 and state.get("total", 0) >= FROM)


def places(workers: int) -> int:
    """How many of `workers`, of which one has the run, may help: no more than there are cores beside the first."""
    return max(0, min(workers, os.cpu_count() or 1) - 1)


def help_out(run_id: int, place: int, places: int) -> bool:
    """Score chunks of a run that its worker has not come to, as the one at `place` of `places` helpers.

    True where there is more to do after a shift.
    """
    end = time.monotonic() + SHIFT
    while time.monotonic() < end:
        run = Run.objects.select_related("portfolio", "model", "calibration").get(pk=run_id)
        state = run.progress.get("score")
        if run.state != Run.State.ACTIVE or run.step != Run.Step.SCORE or state is None:
            return False
        ahead = range(state["total"] - 1 - place, state["done"], -places)
        number = next((number for number in ahead if not evaluate.is_scored(run, number)), None)
        if number is None:
            return False
        evaluate.score(run, number)
    return True
