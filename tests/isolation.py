"""A pytest plugin, loaded before Django's settings: tests get a home folder of their own and nobody's settings."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import sys
import tempfile

for name in [name for name in os.environ if name.startswith("TIERLINE_")]:
    del os.environ[name]
for name in ("REDIS_URL", "DATABASE_URL"):
    os.environ.pop(name, None)
if tested := os.environ.get("TESTED_DATABASE_URL"):  # any test can be run on PostgreSQL
    os.environ["DATABASE_URL"] = tested

_folder = tempfile.mkdtemp(prefix="tierline-tests-")
os.environ["TIERLINE_HOME"] = _folder
os.environ["XDG_RUNTIME_DIR"] = _folder
os.environ["OPENBLAS_NUM_THREADS"] = "1"
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

# A hundred processes are started; without bytecode each compiles the product anew, a fifth of its start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_collection_finish() -> None:
    """What is imported stays: collections of garbage need not look through it each time."""
    gc.collect()
    gc.freeze()
