"""Install what Tierline needs into .venv and node_modules. Used by `make setup`, `make run` and `make test`.

Standard library only: it runs before anything is installed. It does nothing when nothing has changed, and
says in plain words what is missing and could not be installed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = "0.13.9"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


class Missing(Exception):
    """Something needed is not here and could not be installed."""


def say(text: str) -> None:
    print(f"setup: {text}", flush=True)


def run(*command: str | Path, quiet: bool = True) -> bool:
    """Run a command; True when it succeeded. Its output is shown only when it failed."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.STDOUT if quiet else None,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return False
    if done.returncode and quiet:
        sys.stderr.write(done.stdout[-3000:])
    return done.returncode == 0


def digest(*paths: Path) -> str:
    """Names a state of these files, so that nothing is installed twice."""
    total = hashlib.sha256(sys.version.encode())
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()


def fresh(stamp: Path, state: str) -> bool:
    return stamp.exists() and stamp.read_text() == state


def lock_file(profile: str) -> Path:
    return ROOT / ("requirements-dev.lock" if profile == "test" else "requirements.lock")


def check_python() -> None:
    if sys.version_info < (3, 11):
        raise Missing(
            f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. "
            "Install one and name it: make run PYTHON=python3.12"
        )


def make_venv() -> None:
    if PYTHON.exists():
        return
    say("making .venv")
    if not run(sys.executable, "-m", "venv", VENV):
        shutil.rmtree(VENV, ignore_errors=True)
        apt("python3-venv")
        if not run(sys.executable, "-m", "venv", VENV):
            raise Missing(
                "Python's venv module is missing. Install it (Debian: apt-get install python3-venv), "
                "then run this again."
            )


def installers() -> list[list[str | Path]]:
    """Commands that install packages, quickest first: uv where it can be had, then pip."""
    if not (VENV / "bin" / "pip").exists():  # a .venv that another tool has made
        run(PYTHON, "-m", "ensurepip")
    pip: list[str | Path] = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    uv: list[str | Path] = [VENV / "bin" / "uv", "pip", "install", "--python", PYTHON]
    if not (VENV / "bin" / "uv").exists() and not run(*pip, f"uv=={UV}"):
        return [pip]
    return [[*uv, "--compile-bytecode", "--system-certs"], pip]


def install_python(profile: str) -> None:
    # What is installed for tests is enough to run, too.
    for enough in {profile, "test"}:
        if fresh(VENV / f".tierline-{enough}", digest(lock_file(enough), ROOT / "pyproject.toml")):
            return
    lock = lock_file(profile)
    stamp, state = VENV / f".tierline-{profile}", digest(lock, ROOT / "pyproject.toml")
    say(f"installing Python packages from {lock.name}")
    for install in installers():
        if run(*install, "--require-hashes", "-r", lock):
            break
        say(f"{Path(install[0]).name} did not manage (output above)")
    else:
        raise Missing(
            f"The Python packages of {lock.name} could not be installed (output above). "
            "Check that this machine reaches PyPI or your mirror of it, then run this again."
        )
    if not run(*install, "--no-deps", "--editable", "."):
        raise Missing("Tierline itself could not be installed into .venv (output above).")
    stamp.write_text(state)


def install_browser_assets(profile: str) -> None:
    """npm packages: what the console shows in a browser, and for tests the clients that drive the sandbox."""
    vendor = ROOT / "admin" / "static" / "console" / "vendor"
    stamp = VENV / f".tierline-npm-{profile}"
    state = digest(ROOT / "package-lock.json", ROOT / "deploy" / "assets.py")
    if vendor.exists() and any(fresh(VENV / f".tierline-npm-{enough}", state) for enough in (profile, "test")):
        return
    if not shutil.which("npm"):
        apt("nodejs", "npm")
    if not shutil.which("npm"):
        say("MISSING: npm. The console works but looks bare, and tests of other clients are skipped.")
        say("         Install node 20 or newer with npm, then run this again.")
        return
    say("installing browser assets with npm")
    extra = [] if profile == "test" else ["--omit=dev"]
    if not run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", *extra):
        say("MISSING: the npm packages could not be installed (output above); the console looks bare.")
        return
    if run(PYTHON, ROOT / "deploy" / "assets.py"):
        stamp.write_text(state)


def install_chromium() -> None:
    if any(shutil.which(name) for name in CHROMIUM):
        return
    apt("chromium")
    if not any(shutil.which(name) for name in CHROMIUM):
        say("MISSING: chromium. Tests in a real browser are skipped.")
        say("         Install it (Debian: apt-get install chromium), then run this again.")


def apt(*packages: str) -> None:
    """Install Debian packages, where we may."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    say(f"installing {' '.join(packages)} with apt-get")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    install = ("apt-get", "install", "--yes", "--no-install-recommends", *packages)
    if not run(*install):
        run("apt-get", "update")
        run(*install)


def main() -> int:
    profile = sys.argv[1] if len(sys.argv) > 1 else "run"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        check_python()
        make_venv()
        install_python(profile)
        install_browser_assets(profile)
        if profile == "test":
            install_chromium()
    except Missing as missing:
        say(str(missing))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
