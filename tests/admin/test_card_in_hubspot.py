"""The card in HubSpot under the tools of its maker: every state, types, the linter, and the files around it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from admin import package
from scoring import presets
from sync import outputs
from tests.admin.card.hubspot import hsmeta
from tests.admin.card.project import HUBSPOT, ROOT, needs_hubspot, vitest, whole, write_hubspot

DEPLOYED = ROOT / "deploy" / "hubspot"
CARDS = Path("src/app/cards")
APP, CARD = Path("src/app/app-hsmeta.json"), CARDS / "AccountTier-hsmeta.json"
LINT = """
import { config } from "@hubspot/eslint-config-ui-extensions";
import parser from "@typescript-eslint/parser";

export default [...config, { files: ["**/*.{ts,tsx}"], languageOptions: { parser } }];
"""


def node(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ("node", *arguments)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def run(folder: Path, *arguments: str) -> str:
    found = node(folder, *arguments)
    said = found.stdout + found.stderr
    assert found.returncode == 0, said
    return said


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hubspot(tmp_path_factory.mktemp("card") / "project")


def listed(project: Path, before: str) -> Any:
    """The JSON that stands behind this in the generated fields."""
    text = (project / CARDS / "fields.ts").read_text().split(before)[1]
    return json.JSONDecoder().raw_decode(text)[0]


def test_the_files_are_those_of_the_default_model() -> None:
    written = {str(path.relative_to(DEPLOYED)): path.read_bytes() for path in DEPLOYED.rglob("*") if path.is_file()}
    assert written == package.files(presets.load("default"), "hubspot")


def test_it_reads_exactly_the_properties_that_are_installed_on_companies(project: Path) -> None:
    layout = outputs.layout_of(whole(), "hubspot")
    installed = {spec.name: spec for spec in layout.specs() if spec.kind in ("account", "detail")}
    read = listed(project, "PROPERTIES: Record<string, string> = ")
    assert set(read.values()) == set(installed)
    assert listed(project, "DAYS: string[] = ") == [name for name in read.values() if installed[name].type == "date"]
    assert listed(project, "useHeld = () => useCrmProperties(") == list(read.values())
    lists = [name for name in read.values() if installed[name].type == "picklist"]
    assert listed(project, "useShown = () => useCrmProperties(") == lists


def test_it_calls_no_server(project: Path) -> None:
    app = json.loads((project / APP).read_text())
    assert app["config"]["permittedUrls"] == {"fetch": [], "iframe": [], "img": []}
    sources = [path for path in (project / CARDS).iterdir() if path.suffix in (".js", ".ts", ".tsx")]
    assert len(sources) > 8
    calling = [path.name for path in sources if re.search(r"\bfetch\w*\(|serverless|XMLHttp", path.read_text())]
    assert calling == []


@needs_hubspot
def test_every_state_of_the_card_says_what_it_should(tmp_path: Path) -> None:
    said = vitest(tmp_path / "project")
    assert "passed" in said
    assert "skipped" not in said


@needs_hubspot
def test_its_types_hold_for_every_model_and_a_wrong_one_is_found(project: Path, tmp_path: Path) -> None:
    run(project, "node_modules/typescript/bin/tsc", "-p", str(CARDS))
    plain = tmp_path / "plain"
    package.write(presets.load("default"), plain, "hubspot")
    (plain / "node_modules").symlink_to(ROOT / "node_modules")
    values = plain / CARDS / "Values.tsx"
    values.write_text(values.read_text().replace("value.gap", "value.gapp"))
    found = node(plain, "node_modules/typescript/bin/tsc", "-p", str(CARDS))
    assert found.stdout.count("error TS") == 1, found.stdout  # this one, and none of the other model's
    assert "'gapp' does not exist" in found.stdout


@needs_hubspot
def test_the_linter_of_the_maker_has_nothing_to_say_and_would(project: Path) -> None:
    (project / "eslint.config.mjs").write_text(LINT)
    command = ("node_modules/eslint/bin/eslint.js", "--max-warnings", "0", str(CARDS))
    run(project, *command)
    wrong = project / CARDS / "Wrong.tsx"
    wrong.write_text("export const Wrong = () => <div>{window.location.href}</div>;\n")
    found = node(project, *command)
    wrong.unlink()
    assert {"no-html-elements", "no-restricted-globals"} <= set(re.findall(r"ui-extensions/([\w-]+)", found.stdout))


def described(project: Path) -> tuple[hsmeta.Project, hsmeta.App, hsmeta.Card]:
    return (
        hsmeta.Project.model_validate_json((project / "hsproject.json").read_text()),
        hsmeta.App.model_validate_json((project / APP).read_text()),
        hsmeta.Card.model_validate_json((project / CARD).read_text()),
    )


def test_the_files_that_describe_it_hold_what_hubspot_knows_and_nothing_else(project: Path) -> None:
    _, app, card = described(project)
    assert app.uid != card.uid
    assert (project / "src" / card.config.entrypoint.removeprefix("/")).is_file()
    assert all(scope.startswith("crm.objects.companies.") for scope in app.config.auth.requiredScopes)
    named = {path.name for path in (project / "src").rglob("*-hsmeta.json")}
    assert named == {"app-hsmeta.json", "AccountTier-hsmeta.json"}


@pytest.mark.parametrize(
    ("path", "was", "is_now"),
    [
        (APP, '"description"', '"descripton"'),
        (APP, '"static"', '"statics"'),
        (APP, '"fetch": []', '"fetch": ["http://tierline.example"]'),
        (CARD, '"location": "crm.record.tab"', '"location": "crm.record.sidebar"'),
        (CARD, '"companies"', '"company"'),
        (CARD, '"uid": "tierline-customer-value"', '"uid": "customer value"'),
        (CARD, '"entrypoint": "/app', '"entrypoint": "app'),
        (Path("hsproject.json"), '"platformVersion"', '"version"'),
    ],
)
def test_a_mistake_in_such_a_file_is_found(project: Path, tmp_path: Path, path: Path, was: str, is_now: str) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(project, broken, symlinks=True)
    text = (broken / path).read_text()
    assert was in text
    (broken / path).write_text(text.replace(was, is_now))
    with pytest.raises(ValidationError):
        described(broken)


@needs_hubspot
def test_hubspots_own_reader_finds_the_app_and_the_card(project: Path) -> None:
    shutil.copy(HUBSPOT / "parse.mjs", project)
    version = json.loads((project / "hsproject.json").read_text())["platformVersion"]
    found = json.loads(run(project, "parse.mjs", str(project), version))
    assert found["skipped"] == []
    assert set(found["kinds"]) >= {"tierline", "tierline-customer-value"}


def test_translations_of_the_company_survive_another_writing(tmp_path: Path) -> None:
    model = presets.load("default")
    package.write(model, tmp_path, "hubspot")
    own = tmp_path / CARDS / "translations.ts"
    own.write_text("export const TRANSLATIONS = { de: {} };\n")
    (tmp_path / CARDS / "words.ts").write_text("old")
    package.write(model, tmp_path, "hubspot")
    assert "de:" in own.read_text()
    assert (tmp_path / CARDS / "words.ts").read_text() != "old"
