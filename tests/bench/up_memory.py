"""Memory of an installation at work: everything `tierline up` starts, while a run goes over a large org.

    python -m tests.bench.up_memory [ORG_FOLDER]

`ORG_FOLDER` is a sandbox org without our fields; it is copied first. Without one, an org of 100,000 accounts is built
(`tests.bench.wire_org`). What counts is the sum of PSS: a page that processes share is counted once. The org is served
by a process of its own, which does not count.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil

from tests.bench import wire, wire_org

ACCOUNTS = 100_000
WORKERS = 2
EVERY = 1.0
PORT = 8765


def main(folder: Path | None) -> None:
    with tempfile.TemporaryDirectory(prefix="tierline-memory-") as root:
        org, home = Path(root) / "org", Path(root) / "home"
        if folder is None:
            wire_org.build(org, ACCOUNTS, datetime.now(UTC).date())
        else:
            shutil.copytree(folder, org)
        with wire.org(org) as crm:
            environment = {**os.environ, "TIERLINE_HOME": str(home), "TIERLINE_CLIENT_SECRET": crm["client_secret"]}
            environment.pop("REDIS_URL", None)
            set_up(crm, environment)
            with installation(environment) as up:
                samples = watch(up, environment)
    peak = max(samples, key=lambda sample: sum(sample.values()))
    figures = {
        "at_rest_mb": rounded(samples[0]),
        "at_the_peak_mb": rounded(peak),
        "peak_of_each_mb": rounded({role: max(sample.get(role, 0) for sample in samples) for role in peak}),
        "samples": len(samples),
        "load_after": round(os.getloadavg()[0], 2),
    }
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


def tierline(*words: str, environment: Mapping[str, str]) -> str:
    """What the command prints; it has to succeed."""
    command = [sys.executable, "-m", "admin", *words]
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def set_up(crm: Mapping[str, str], environment: Mapping[str, str]) -> None:
    """The org connected, with the default model and its fields."""
    connect = ("connection", "add", "bench", "--url", crm["url"], "--client-id", crm["client_id"])
    model = ("model", "publish", "scoring/presets/default.yaml")
    for words in (connect, model, ("schema", "apply", "bench", "--yes")):
        tierline(*words, environment=environment)


@contextmanager
def installation(environment: Mapping[str, str]) -> Iterator[psutil.Process]:
    """`tierline up`, running."""
    command = [sys.executable, "-m", "admin", "up", "--workers", str(WORKERS), "--port", str(PORT)]
    up = subprocess.Popen(command, env=environment)
    try:
        time.sleep(8)  # until everything is imported
        yield psutil.Process(up.pid)
    finally:
        up.terminate()
        up.wait(60)


def watch(up: psutil.Process, environment: Mapping[str, str]) -> list[dict[str, float]]:
    """PSS by role every second from before the run to its end, in MB."""
    samples = [by_role(up)]
    command = [sys.executable, "-m", "admin", "run", "--json"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as run:
        while run.poll() is None:
            time.sleep(EVERY)
            samples.append(by_role(up))
        assert run.stdout is not None
        sys.stderr.write(run.stdout.read())
    if run.returncode:
        raise SystemExit(f"the run ended with code {run.returncode}")
    return samples


def by_role(up: psutil.Process) -> dict[str, float]:
    found: dict[str, float] = {}
    workers = 0
    for process in [up, *up.children(recursive=True)]:
        try:
            words, pss = process.cmdline(), process.memory_full_info().pss / 1e6
        except psutil.NoSuchProcess:
            continue
        role = words[3] if words[1:3] == ["-m", "admin"] else "redis"
        if role == "worker":
            workers += 1
            role = f"worker {workers}"
        found[role] = found.get(role, 0) + pss
    return found


def rounded(sample: Mapping[str, float]) -> dict[str, int]:
    return {"sum": round(sum(sample.values())), **{role: round(size) for role, size in sample.items()}}


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
