"""The page about editors and checks: what it shows can be used as it stands."""

from __future__ import annotations

import importlib.resources
import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft7Validator

from firedoor.cli import cli
from firedoor.cli.check import command as check
from tests.compiler import golden
from tests.docs import keys
from tests.docs.pages import DOCS, ROOT, page, printed, prints

PAGE = page("editors")
EXAMPLE = DOCS / "examples" / "check-book.yml"
SMALL = golden.HERE / "book"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a book under each name that the page uses."""
    for name in ("my-book", "playbooks"):
        shutil.copytree(SMALL, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _type(line: str) -> tuple[int, str]:
    words = shlex.split(line)
    assert words[0] == "firedoor", line
    done = CliRunner().invoke(cli, words[1:], prog_name="firedoor", catch_exceptions=False)
    return done.exit_code, done.output


def test_the_commands_print_what_is_shown(here: Path) -> None:
    for block in PAGE.blocks("console"):
        for typed in printed(block):
            code, said = _type(typed.line)
            assert code == 0, typed.where
            assert prints(typed.prints, said), f"{typed.where}\n{said}"


def test_schemas_that_are_not_current_are_told(here: Path) -> None:
    assert _type("firedoor schema --check --book my-book")[0] == 1
    assert _type("firedoor schema --write --book my-book")[0] == 0
    actions = here / "my-book" / "actions.yaml"
    actions.write_text(actions.read_text().replace("freeze_posting:", "freeze_all:"))
    code, said = _type("firedoor schema --check --book my-book")
    assert code == 1
    assert said.splitlines()[0] == "my-book/.schema/playbook.json is not current."
    code, said = _type("firedoor schema --check --book my-book --json")
    assert json.loads(said) == {"stale": ["my-book/.schema/playbook.json"]}
    assert _type("firedoor schema --write --book my-book --json")[0] == 0
    assert _type("firedoor schema --check --book my-book")[0] == 0


def test_a_schema_is_printed_for_each_kind_of_file(here: Path) -> None:
    for block in PAGE.blocks("sh"):
        for line in block.body.splitlines():
            code, said = _type(line)
            assert code in (0, 1), said
            if line.startswith("firedoor schema ") and "--check" not in line:
                Draft7Validator.check_schema(json.loads(said))
    assert _type("firedoor schema")[0] == 2
    assert _type("firedoor schema --write --book .")[0] == 2


def test_the_settings_are_those_of_the_shipped_book() -> None:
    (block,) = PAGE.blocks("json")
    shown = json.loads(block.body.replace("my-book", "playbooks"))
    ours = json.loads((ROOT / ".vscode" / "settings.json").read_text())
    assert shown["yaml.schemas"] == ours["yaml.schemas"]


def test_the_line_is_the_first_of_each_shipped_playbook() -> None:
    (block,) = PAGE.blocks("yaml", line="playbook")
    files = sorted((ROOT / "playbooks").glob("*.yaml"))
    playbooks = [text for path in files if "\nplaybook: " in (text := path.read_text())]
    assert len(playbooks) > 2
    assert all(text.startswith(block.body) for text in playbooks)


def test_the_hooks_that_are_shown_are_offered() -> None:
    (block,) = PAGE.blocks("yaml", **{"pre-commit": "config"})
    (repo,) = yaml.safe_load(block.body)["repos"]
    offered = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert {hook["id"] for hook in repo["hooks"]} == offered


# --- the workflow


def _steps() -> list[dict[str, Any]]:
    (job,) = yaml.safe_load(EXAMPLE.read_text())["jobs"].values()
    steps: list[dict[str, Any]] = job["steps"]
    return steps


def test_the_workflow_is_one_to_github() -> None:
    vendored = importlib.resources.files("check_jsonschema.builtin_schemas.vendor").joinpath("github-workflows.json")
    workflow = yaml.load(EXAMPLE.read_text(), Loader=_Workflow)  # noqa: S506  # a safe loader, with `on` as a key
    errors = Draft7Validator(json.loads(vendored.read_text())).iter_errors(workflow)
    assert [error.message for error in errors] == []


class _Workflow(yaml.SafeLoader):
    """`on` is a key of workflows, and true to YAML 1.1."""

    yaml_implicit_resolvers = {
        letter: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:bool"]
        for letter, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@pytest.mark.parametrize("wrong", [False, True], ids=["good", "bad"])
def test_the_workflows_commands_do_what_it_needs(here: Path, wrong: bool) -> None:
    assert _type("firedoor schema --write")[0] == 0
    if wrong:
        statement = here / "playbooks" / "statement.yaml"
        statement.write_text(statement.read_text().replace("owner: comms", "owner: coms"))
    commands = [step["run"] for step in _steps() if step.get("run", "").startswith("firedoor ")]
    told = [_type(line.partition(" > ")[0]) for line in commands]
    assert [code for code, _ in told] == [int(wrong), int(wrong), 0]
    annotations, log = told[0][1], json.loads(told[1][1])
    assert annotations.startswith("::error file=playbooks/statement.yaml,line=3,col=8,") == wrong
    assert [one["ruleId"] for one in log["runs"][0]["results"]] == (["FD203"] if wrong else [])


def test_what_is_uploaded_is_what_was_written() -> None:
    (written,) = [step["run"] for step in _steps() if "sarif >" in step.get("run", "")]
    (upload,) = [step["with"]["sarif_file"] for step in _steps() if "upload-sarif" in step.get("uses", "")]
    assert written.partition(" > ")[2].split()[0] == upload
    assert "|| test $? -eq 1" in written  # findings are no failure of the writing


# --- the forms, and every key


def test_each_form_is_told() -> None:
    (option,) = [option for option in check.params if option.name == "form"]
    assert [row[0].strip("`") for row in PAGE.table("Form")] == list(option.type.choices)  # type: ignore[attr-defined]


def test_every_key_is_told_as_the_compiler_has_it() -> None:
    assert keys.PATH.read_text("utf-8") == keys.page(), "run `python -m tests.docs.keys`, and look at the difference"
