"""The card in Salesforce under the tools of its maker: every state, the linter, and the metadata around it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from threading import Thread

import pytest

from tests.admin.card.project import LWC, ROOT, write

HERE = ROOT / "tests" / "admin" / "card"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
STATES = (
    "scored", "complete", "without details", "overridden", "asked", "waiting", "refused", "accepted",
    "held for approval", "stale", "refused by the CRM", "not scored", "out of scope", "no permission", "in error",
    "loading",
)  # fmt: skip
NARROW = 320
#: Everything is on the page at either width, so that axe looks once.
CHECK = """
    axe.run('main').then(found => found.violations.map(each => each.id + ': ' +
    each.nodes.map(node => node.html.slice(0, 120)).join(' ')))
"""
LINT = """
import lwc from "@salesforce/eslint-config-lwc";

export default [...lwc.configs.recommended, { ignores: ["**/__tests__/**"] }];
"""
needs_node = pytest.mark.skipif(
    not (ROOT / "node_modules" / "@salesforce" / "sfdx-lwc-jest").exists(), reason="needs npm: see make setup"
)


def run(folder: Path, *command: str) -> str:
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=240)
    said = found.stdout + found.stderr
    assert found.returncode == 0, said
    return said


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write(tmp_path_factory.mktemp("card") / "project")
    tests = folder / LWC / "__tests__"
    tests.mkdir()
    shutil.copy(HERE / "accountTier.test.js", tests)
    shutil.copy(HERE / "cast.mjs", tests / "cast.js")
    shutil.copy(HERE / "jest.config.cjs", folder / "jest.config.cjs")
    return folder


@needs_node
def test_every_state_of_the_card_says_what_it_should(project: Path) -> None:
    said = run(project, "node", "node_modules/jest/bin/jest.js", "--ci", "--no-cache", "--maxWorkers=1")
    assert "Tests:" in said
    assert "skipped" not in said


def test_it_reads_no_field_that_sellers_are_not_granted(project: Path) -> None:
    source = project / "force-app" / "main" / "default"
    read = set(re.findall(r'"([A-Za-z_]+\.Tierline_\w+__c)"', (project / LWC / "fields.js").read_text()))
    granted = (source / "permissionsets" / "Tierline_Seller.permissionset-meta.xml").read_text()
    assert len(read) > 20
    assert read == set(re.findall(r"<field>(.*)</field>", granted)) & read
    assert "Account.Tierline_Request__c" in read


@needs_node
def test_the_linter_of_the_maker_has_nothing_to_say(project: Path) -> None:
    (project / "eslint.config.mjs").write_text(LINT)
    run(project, "node", "node_modules/eslint/bin/eslint.js", "--max-warnings", "0", str(LWC))


@pytest.fixture(scope="module")
def address(project: Path) -> Iterator[str]:
    """A page that shows the card, in the state named after "#"."""
    shutil.copytree(HERE / "stage", project / "stage")
    shutil.copy(HERE / "cast.mjs", project / "stage" / "cast.js")
    shutil.copy(HERE / "bundle.mjs", project)
    (project / "package.json").write_text('{"name": "card", "private": true}')
    site = project / "site"
    run(project, "node", "bundle.mjs", str(project), str(site))
    assets = ROOT / "node_modules" / "@salesforce-ux" / "design-system" / "assets"
    (site / "index.html").write_text((project / "stage" / "index.html").read_text())
    shutil.copy(assets / "styles" / "salesforce-lightning-design-system.min.css", site / "slds.css")
    (site / "_slds").mkdir()
    (site / "_slds" / "icons").symlink_to(assets / "icons")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/index.html"
    server.shutdown()
    server.server_close()
    thread.join()


class Quiet(SimpleHTTPRequestHandler):
    """Files, without a line per request."""

    def log_message(self, *_: object) -> None:
        return


@needs_node
@pytest.mark.e2e
@pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome is installed")
def test_in_a_browser_every_state_fits_is_accessible_and_complains_of_nothing(address: str, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    axe = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        for width, theme in product((NARROW, 600), ("light", "dark")):
            page = browser.new_page(viewport={"width": width, "height": 800})
            page.on("console", lambda said: complaints.append(said.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto(f"{address}#{STATES[0]}")
            page.evaluate("theme => document.body.classList.add(theme, 'still')", theme)
            page.evaluate(axe)
            for state in STATES:
                page.evaluate("state => { location.hash = encodeURIComponent(state) }", state)
                page.locator(f"main[data-state='{state}']").get_by_text("Customer value").first.wait_for(timeout=10_000)
                found = page.evaluate(CHECK) if width == NARROW else []
                wide = page.evaluate("document.documentElement.scrollWidth")
                page.screenshot(path=tmp_path / f"{state}-{width}-{theme}.png", full_page=True)
                assert (found, wide) == ([], width), f"{state}, {width} px, {theme}"
            page.evaluate("state => { location.hash = encodeURIComponent(state) }", STATES[0])
            page.get_by_role("button", name="How do I choose?").click()
            page.get_by_text("What we offer").first.wait_for(timeout=10_000)
            page.mouse.click(1, 1)  # how a button looks that was pressed is Salesforce's own
            page.screenshot(path=tmp_path / f"help-{width}-{theme}.png", full_page=True)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert (page.evaluate(CHECK), wide) == ([], width), f"profiles, {width} px, {theme}"
            page.close()
        browser.close()
    assert not complaints
