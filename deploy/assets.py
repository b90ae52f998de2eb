"""Copies what the console shows in a browser from the npm packages into the project's static files.

Run by `deploy/bootstrap.py` after `npm ci`. The result is not in version control; a wheel carries it.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "node_modules"
VENDOR = ROOT / "admin" / "static" / "console" / "vendor"

SLDS = Path("@salesforce-ux/design-system/assets")
#: File in an npm package -> where it goes under `VENDOR`.
FILES = {
    SLDS / "styles/salesforce-lightning-design-system.min.css": "slds/salesforce-lightning-design-system.min.css",
    SLDS / "icons/utility-sprite/svg/symbols.svg": "slds/icons/utility.svg",
    SLDS / "icons/standard-sprite/svg/symbols.svg": "slds/icons/standard.svg",
    SLDS / "icons/License-for-icons.txt": "slds/icons/LICENSE.txt",
    Path("@salesforce-ux/design-system/README.md"): "slds/LICENSES.md",
    Path("htmx.org/dist/htmx.min.js"): "htmx.min.js",
    Path("htmx.org/LICENSE"): "htmx.LICENSE.txt",
}


def main() -> None:
    absent = [str(source) for source in FILES if not (PACKAGES / source).is_file()]
    if absent:
        sys.exit(f"MISSING in node_modules: {', '.join(absent)}. Run `npm ci`, then this again.")
    draft = VENDOR.with_name("vendor.draft")
    shutil.rmtree(draft, ignore_errors=True)
    for source, target in FILES.items():
        destination = draft / target
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGES / source, destination)
    shutil.rmtree(VENDOR, ignore_errors=True)
    draft.replace(VENDOR)


if __name__ == "__main__":
    main()
