"""TIERLINE_HOME: the one folder that holds everything this installation keeps on disk."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from pathlib import Path

#: File that says where the private Redis listens, so that commands in another terminal find it.
QUEUE = "queue.address"


class HomeUnusable(Exception):
    """The home folder cannot be created or written to; the message says which and what to do."""


def home() -> Path:
    """The folder named by TIERLINE_HOME, default `~/.tierline`. Not created here."""
    return Path(os.environ.get("TIERLINE_HOME") or Path.home() / ".tierline").expanduser().absolute()


def prepare() -> Path:
    """Create the home folder with its sub-folders, readable by its owner only.

    Raises HomeUnusable when a path cannot be written.
    """
    root = home()
    try:
        for folder in (root, root / "mirror", root / "runs", root / "logs"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = root / f".write-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise HomeUnusable(
            f"Tierline cannot write to {root} ({error.strerror or error}). "
            "Set TIERLINE_HOME to a folder you may write to, or give yourself the right to write there."
        ) from error
    return root


def secret(name: str) -> str:
    """A random secret kept in a file of the home folder; made on first use, never shown."""
    path = home() / name
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    value = secrets.token_urlsafe(48)
    draft = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(value + "\n")
    try:
        os.link(draft, path)  # the first process to get here wins; the others read what it wrote
    except FileExistsError:
        value = path.read_text().strip()
    finally:
        draft.unlink()
    return value


def queue_address() -> str:
    """Where the private Redis of this home listens, "" when none was started."""
    try:
        return (home() / QUEUE).read_text().strip()
    except OSError:
        return ""


def fernet_key() -> str:
    """The key that encrypts credentials when TIERLINE_KEYS is not set."""
    digest = hashlib.sha256(secret("vault.key").encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()
