"""Files or mappings that cannot be loaded: one sentence with the place, a next step, and the org as it was before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox import load, mapping
from connectors.sandbox.mapping import LoadError
from connectors.sandbox.org.org import Org

GOOD = """
name: test
fields:
  Account: {Code__c: {type: string, length: 5}, Kind__c: {type: picklist, values: [Mill], restricted: true}}
load:
  - object: Account
    file: accounts.csv
    key: number
    fields:
      Name: company
      AccountNumber: number
      Kind__c: kind
      NumberOfEmployees: staff
      ParentId: {lookup: Account, by: parent}
  - object: Opportunity
    file: deals.csv
    fields:
      Name: deal
      AccountId: {lookup: Account, by: customer}
      StageName: stage
      CloseDate: {column: day, date: "%d/%m/%Y"}
"""
ACCOUNTS = "number,company,kind,staff,parent\n1,One,Mill,12,\n2,Two,,,1\n"
DEALS = "deal,customer,stage,day\nD1,1,Prospecting,31/01/2026\nD2,,Prospecting,28/02/2026\n"


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Org]:
    with Org.open(tmp_path / "org") as opened:
        yield opened


def attempt(org: Org, folder: Path, text: str = GOOD, accounts: str = ACCOUNTS, deals: str = DEALS) -> None:
    (folder / "accounts.csv").write_bytes(accounts.encode("latin-1"))
    (folder / "deals.csv").write_bytes(deals.encode("latin-1"))
    (folder / "mapping.yaml").write_text(text)
    load.load(org, folder, mapping.read(folder / "mapping.yaml"))


def complaint(org: Org, folder: Path, **changed: str) -> str:
    """What was said; the org must hold nothing of the load."""
    with pytest.raises(LoadError) as caught:
        attempt(org, folder, **changed)
    assert caught.value.next_step
    assert org.query("SELECT COUNT() FROM Account").total == 0
    assert org.object("Account").find("Code__c") is None
    return caught.value.message.replace(f"{folder}/", "")


def test_what_the_faults_below_start_from_is_loadable(org: Org, tmp_path: Path) -> None:
    attempt(org, tmp_path)
    assert org.query("SELECT COUNT() FROM Opportunity WHERE AccountId = null").total == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("company,kind", "firm,kind", "accounts.csv has no column company."),
        ("2,Two,,,1", "2,Two,,,1,,", "accounts.csv, line 3: 7 values, the header has 5."),
        ("2,Two", "2,Smørbrød", "accounts.csv, line 3: not UTF-8 text."),
        ("Mill,12", "Mine,12", "accounts.csv, line 2, column kind: Kind: bad value for restricted picklist"),
        (
            "Mill,12",
            "Mill,a dozen",
            "line 2, column staff: Employees: value not of required type: a dozen",
        ),
        ("2,Two,", "2,,", "accounts.csv, line 3, column company: Required fields are missing: [Name]"),
        ("2,Two", "1,Two", "accounts.csv, line 3: number '1' occurs twice."),
        (",,,1\n", ",,,7\n", "accounts.csv, line 3: no Account has the key '7'."),
        ("number,company", "number,number", "accounts.csv, line 1: there are two columns 'number'."),
        (ACCOUNTS, "", "accounts.csv is empty."),
    ],
)
def test_a_wrong_file_is_named_with_line_and_column(org: Org, tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in ACCOUNTS
    assert said in complaint(org, tmp_path, accounts=ACCOUNTS.replace(old, new))


def test_a_fault_in_the_last_step_undoes_the_first(org: Org, tmp_path: Path) -> None:
    said = complaint(org, tmp_path, deals=DEALS.replace("28/02/2026", "30/02/2026"))
    assert said == "deals.csv, line 3: '30/02/2026' is not a date of the form %d/%m/%Y."
    attempt(org, tmp_path)
    assert org.query("SELECT COUNT() FROM Account").total == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("load:", "lode:", "mapping.yaml, line 5: lode: Extra inputs are not permitted."),
        ("object: Opportunity", "object: Deal", "mapping.yaml, line 15: load[1].object: the org has no object Deal."),
        ("NumberOfEmployees:", "Employees:", "mapping.yaml, line 13: load[0].fields.Employees: Account has no field"),
        ("type: string", "type: sting", "mapping.yaml, line 4: fields.Account.Code__c: Code__c: 'sting' is no type"),
        ("Code__c: {", "Code: {", "there is no field Code; the name of a new one ends in __c."),
        ("  Account: {", "  Accounts: {", "mapping.yaml, line 4: fields.Accounts: sObject type 'Accounts' is not"),
        ("Account, by: customer", "Accounts, by: customer", "line 19: load[1].fields.AccountId: Accounts is no step"),
        ("Name: company", "Name: {colum: company}", "load[0].fields.Name.colum: Extra inputs are not permitted."),
        ("Name: company", "Name: {column: a, constant: b}", "found column and constant"),
        ("name: test", "name: [test", "not readable as YAML"),
        (GOOD, "- a list", "not a mapping file"),
    ],
)
def test_a_wrong_mapping_is_named_with_line_and_key(org: Org, tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    assert said in complaint(org, tmp_path, text=GOOD.replace(old, new))


def test_a_variant_cannot_leave_out_what_other_steps_look_up(org: Org, tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(GOOD)
    variant = "name: v\nextends: base.yaml\nleave_out: [Account]\n"
    said = complaint(org, tmp_path, text=variant)
    assert said == "mapping.yaml, line 3: Opportunity.AccountId looks up Account, which is left out."


def test_files_that_are_not_there(org: Org, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(LoadError, match=r"has no file accounts.csv, deals.csv"):
        load.load(org, tmp_path / "empty", mapping.parse(GOOD, "mapping.yaml"))


def test_a_file_that_is_not_what_its_name_says(org: Org, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("company\nOne\n")
    text = "name: test\nload: [{object: Account, file: a.parquet, fields: {Name: company}}]"
    with pytest.raises(LoadError, match=r"a.parquet is no Parquet file"):
        load.load(org, tmp_path, mapping.parse(text, "mapping.yaml"))


def test_loading_the_same_people_twice_says_so(org: Org, tmp_path: Path) -> None:
    people = "rows: [{name: Bo Boss}], fields: {LastName: {last_name: name}, Username: {username: name}}"
    parsed = mapping.parse(f"name: test\nload: [{{object: User, {people}}}]", "mapping.yaml")
    load.load(org, tmp_path, parsed)
    with pytest.raises(LoadError, match="Username duplicates value") as caught:
        load.load(org, tmp_path, parsed)
    assert "load into a new one" in caught.value.next_step
