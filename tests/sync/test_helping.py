"""Scoring by more than one worker: the same bytes, whoever scored a chunk, and whatever became of the helper."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from admin.supervisor import private_redis
from sync import jobs, mirror, outputs, queue
from sync.models import Run
from sync.scores import baseline, evaluate, helping
from tests.sync.stage import Stage

#: A period later, so that where accounts stood before has a say.
LATER = date(2026, 12, 23)


@pytest.fixture
def begun(after_run: Stage, monkeypatch: pytest.MonkeyPatch) -> tuple[Stage, Run]:
    """A run whose features lie ready in eight chunks, none of them scored."""
    monkeypatch.setattr(evaluate, "CHUNK", 10)
    monkeypatch.setattr(helping, "FROM", 4)
    run = after_run.work(after_run.start(LATER), until=Run.Step.SCORE)
    after_run.unit(run)
    return after_run, again(run)


def again(run: Run) -> Run:
    return Run.objects.select_related("portfolio", "model", "calibration").get(pk=run.pk)


def scored(run: Run) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(evaluate.folder(run).glob("scores-*.parquet"))}


def test_a_helper_comes_from_the_last_chunk_and_the_run_takes_what_it_finds(begun: tuple[Stage, Run]) -> None:
    stage, run = begun
    total = evaluate.chunks(run)
    assert total >= 6
    assert helping.wanted(run.pk)
    assert not helping.help_out(run.pk, 0, 2)
    theirs = scored(run)
    assert sorted(theirs) == sorted(f"scores-{number}.parquet" for number in range(total - 1, 0, -2))
    stage.work(run, until=Run.Step.PLAN)
    assert theirs.items() <= scored(run).items()
    alone = {f"scores-{number}.parquet": rescored(run, number) for number in range(total)}
    assert scored(run) == alone
    assert again(run).counts["accounts_scored"] == sum(
        int(evaluate.scores(run, number)["in_scope"].sum()) for number in range(total)
    )
    assert not helping.help_out(run.pk, 0, 1), "after the step there is nothing to help with"


def rescored(run: Run, number: int) -> bytes:
    evaluate.score(run, number)
    return (evaluate.folder(run) / f"scores-{number}.parquet").read_bytes()


def test_a_helper_that_was_killed_in_a_chunk_leaves_it_to_the_run(begun: tuple[Stage, Run]) -> None:
    stage, run = begun
    last = evaluate.chunks(run) - 1
    (evaluate.folder(run) / f"scores-{last}.4711.draft").write_bytes(b"PAR1 half a file")
    run = stage.work(run, until=Run.Step.PLAN)
    assert run.step == Run.Step.PLAN
    assert len(scored(run)) == last + 1


def test_a_helper_that_fails_says_so_in_the_log_alone(
    begun: tuple[Stage, Run], caplog: pytest.LogCaptureFixture
) -> None:
    stage, run = begun
    features = evaluate.folder(run) / "features.parquet"
    held = features.read_bytes()
    features.write_bytes(b"not a file of features")
    jobs.help_score(run.pk, 0, 1)
    assert "helping run" in caplog.text
    assert again(run).state == Run.State.ACTIVE
    features.write_bytes(held)
    assert stage.work(run).state == Run.State.DONE


def test_scores_left_under_a_runs_number_by_another_installation_are_not_taken(
    after_run: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "CHUNK", 10)
    run = after_run.work(after_run.start(LATER), until=Run.Step.SCORE)
    evaluate.folder(run).mkdir(parents=True, exist_ok=True)
    (evaluate.folder(run) / "scores-1.parquet").write_bytes(b"of another")
    assert after_run.work(run, until=Run.Step.PLAN).step == Run.Step.PLAN


@pytest.mark.parametrize(("workers", "cores", "places"), [(1, 8, 0), (2, 1, 0), (2, 2, 1), (8, 4, 3), (0, 4, 0)])
def test_there_are_no_more_helpers_than_idle_workers_and_cores(
    workers: int, cores: int, places: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert helping.places(workers) == places


def test_help_is_asked_for_once_and_not_for_a_small_org(begun: tuple[Stage, Run]) -> None:
    stage, run = begun
    assert helping.wanted(run.pk)
    stage.unit(run)
    assert not helping.wanted(run.pk)
    Run.objects.filter(pk=run.pk).update(progress={**run.progress, "score": {"done": 0, "total": helping.FROM - 1}})
    assert not helping.wanted(run.pk)


def test_the_worker_with_the_run_queues_a_job_per_helper(
    after_run: Stage, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(evaluate, "CHUNK", 10)
    monkeypatch.setattr(helping, "FROM", 4)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    run = after_run.work(after_run.start(LATER), until=Run.Step.SCORE)
    with private_redis() as url:
        settings.REDIS_URL = url
        others = [queue.worker(queue.redis()) for _ in range(3)]
        for worker in others:
            worker.register_birth()  # type: ignore[no-untyped-call]
        jobs.advance(run.pk)
        queued = [(job.func_name, tuple(job.args)) for job in queue.queue().jobs]
    assert queued == [
        ("sync.jobs.advance", (run.pk,)),
        ("sync.jobs.help_score", (run.pk, 0, 2)),
        ("sync.jobs.help_score", (run.pk, 1, 2)),
    ]


def test_features_built_in_portions_are_those_built_at_once(after_run: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    run = again(Run.objects.get())
    model, day = outputs.model(run.model), evaluate.as_of(run)
    whole = baseline.figures(run, model, day)
    monkeypatch.setattr(baseline, "PORTION", 25)
    assert baseline.figures(run, model, day).equals(whole)
    with mirror.reading(run.portfolio_id) as tables:
        assert len(list(baseline.portions(tables))) == -(-len(whole) // 25) > 1
