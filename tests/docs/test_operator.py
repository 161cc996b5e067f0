"""The operator's page: every variable and setting is named, and the limits are those of the code."""

from __future__ import annotations

import ast
import hashlib
import hmac
import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.envconfig import ClientConfig

from activities import rendering
from firedoor.cli import up
from firedoor.compiler import load_book, source
from firedoor.compiler.book import compile_book
from firedoor.connectors import channels, platforms, signing
from firedoor.connectors.synapse.admin import Admin
from firedoor.connectors.synapse.platform import ACTS, READS
from firedoor.embedded import process
from firedoor.embedded.temporal import SEARCH_ATTRIBUTES
from firedoor.installation import Installation
from firedoor.people import signatures
from firedoor.plan import lists, model
from firedoor.protocol import MOST_BYTES_IN
from firedoor.run import walking
from firedoor.web.door import FRESH_FOR
from tests.compiler import golden
from tests.docs.pages import ROOT, page, pages

PAGE = page("operator")
TEMPORALS_OWN = {"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_API_KEY", "TEMPORAL_PROFILE"}
"""Read by Temporal's client, wherever its environment configuration is used."""

_OURS = re.compile(r"(FIREDOOR|TEMPORAL)(_[A-Z0-9]+)+")


def _read_by_the_source() -> Iterator[str]:
    for folder in ("firedoor", "workflows", "activities"):
        for path in (ROOT / folder).rglob("*.py"):
            yield from _variables(path)
    yield from _variables(ROOT / "worker.py")
    for usual in (*channels.USUAL.values(), *platforms.USUAL.values()):
        yield from usual.values()


def _variables(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _OURS.fullmatch(node.value):
            yield node.value


def _named_by_the_book() -> set[str]:
    organization = load_book(ROOT / "playbooks").organization
    assert organization is not None
    settings = [way.settings for way in organization.channels.values()]
    named = {str(value) for one in settings for key, value in one.items() if key.endswith("_from")}
    return named | {one.address_from for one in organization.contacts.values() if one.address_from}


def test_every_variable_is_named_and_every_one_that_is_named_is_read() -> None:
    told = {name for row in PAGE.table("Variable") for name in re.findall(r"`(\w+)`", row[0])}
    assert told == set(_read_by_the_source()) | _named_by_the_book()


def test_no_page_names_a_variable_that_nobody_reads() -> None:
    read = set(_read_by_the_source()) | TEMPORALS_OWN
    for one in pages():
        named = {found.group() for found in _OURS.finditer(one.text)}
        assert named <= read, one.name


def test_temporals_own_variables_are_its_own() -> None:
    given = {"TEMPORAL_ADDRESS": "host:1", "TEMPORAL_NAMESPACE": "crisis", "TEMPORAL_API_KEY": "key"}
    found = ClientConfig.load_client_connect_config(override_env_vars=given, disable_file=True)
    assert (found["target_host"], found["namespace"], found["api_key"]) == ("host:1", "crisis", "key")


def test_every_call_of_the_homeserver_is_told_with_what_takes_it_back() -> None:
    told = {row[0].strip("`"): row[1].strip("`") for row in PAGE.table("Call")}
    acts = [make(Admin("synapse", "http://127.0.0.1", "token", 1)) for make in ACTS]
    assert told == {act.call.name: act.call.undo or "none" for act in acts}
    assert {row[0].strip("`") for row in PAGE.table("Read")} == READS.keys()


def test_a_platform_that_checks_as_is_shown_takes_what_is_signed_and_nothing_else() -> None:
    (block,) = [one for one in PAGE.blocks("python") if "def is_signed" in one.body]
    names: dict[str, Any] = {"hashlib": hashlib, "hmac": hmac}
    exec(block.body, names)  # noqa: S102 - it is our own page
    request = (
        "secret",
        signing.sign("secret", "POST", "/v1/freezes", "k", b"{}", now=1_000),
        "POST",
        "/v1/freezes",
        "k",
    )
    assert names["is_signed"](*request, b"{}", 1_200)
    assert not names["is_signed"](*request, b"{}", 1_400)
    assert not names["is_signed"](*request, b'{"target": "@b"}', 1_200)


def test_the_example_of_calls_compiles() -> None:
    (block,) = [one for one in PAGE.blocks("yaml") if "/v1/freezes" in one.body]
    book = compile_book(Path("book"), golden.laid_over({"actions.yaml": block.body.encode()}))
    assert "actions.yaml" not in {found.file for found in book.findings}


def test_every_setting_of_a_connector_is_told() -> None:
    told = {row[0].strip("`"): row[1] for table in ("Connector", "Kind") for row in PAGE.table(table)}
    assert told.keys() == channels.MAKERS.keys() | platforms.MAKERS.keys()


def test_the_example_of_platforms_can_be_read(tmp_path: Path) -> None:
    (block,) = PAGE.blocks("toml")
    listed = tmp_path / "connectors.toml"
    listed.write_text(block.body)
    environ = {"EU_SYNAPSE_URL": "https://eu.example", "EU_SYNAPSE_TOKEN": "t", "PLATFORM_SECRET": "s"}
    made, wrong = platforms.build(listed, environ)
    assert set(tomllib.loads(block.body)) <= made.keys()
    assert set(wrong) == {"synapse"}


@pytest.mark.parametrize("table", ["Connector", "Kind"])
def test_no_setting_is_told_that_there_is_not(table: str) -> None:
    source_ = "".join(path.read_text() for path in (ROOT / "firedoor" / "connectors").glob("*.py"))
    for row in PAGE.table(table):
        for name in re.findall(r"`(\w+)`", row[1]):
            assert f'"{name.removesuffix("_from")}"' in source_, name


def test_the_search_attributes_are_ours() -> None:
    told = re.findall(r"--name (\w+) --type (\w+)", "".join(block.body for block in PAGE.blocks("sh")))
    assert dict(told) == SEARCH_ATTRIBUTES


def test_the_files_of_the_home_folder_are_those() -> None:
    told = {name.split("/")[0] for row in PAGE.table("File") for name in re.findall(r"`([^`]+)`", row[0])}
    home = Installation(Path())
    paths = (home.signing_key, home.tokens, home.temporal, home.logs, home.state, home.lock, home.token_of("x"))
    mine = {path.parts[0] for path in paths} | {home.database_url.rpartition("/")[2], "connectors.toml"}
    assert told == mine


def test_a_new_key_is_made_where_the_old_one_was_moved_away(tmp_path: Path) -> None:
    home = Installation(tmp_path)
    old = home.open_keys()
    home.signing_key.rename(tmp_path / "old.pem")
    new = home.open_keys()
    assert {old.id, new.id} == set(signatures.KeyRing.load(home.key_ring))


def test_a_person_who_was_taken_out_gets_a_new_token(tmp_path: Path) -> None:
    home = Installation(tmp_path)
    home.hand_out(["ana", "luis"])
    home.tokens.write_text(re.sub(r'\n *"ana": "\w+",', "", home.tokens.read_text()))
    assert home.hand_out(["ana", "luis"]).keys() == {"ana"}


def test_what_up_prints_is_what_it_prints() -> None:
    (block,) = PAGE.blocks("text")
    source_ = Path(up.__file__).read_text()
    for line in block.body.splitlines():
        label = line.split("  ")[0].partition(":")[0]
        assert f'"{label}' in source_, label


LIMITS = {
    "one request to the front door, one signed word": f"{MOST_BYTES_IN // 1024} KiB",
    "a long list of targets, written down by `POST /api/lists`": f"{lists.MOST_LIST_BYTES // 1024**2} MiB",
    "items of a loop with approvals or tasks in it": f"{walking.MOST_ROUNDS_WITH_PEOPLE}, then someone is asked",
    "items of any other loop": f"{walking.MOST_ROUNDS}, then it goes in batches, or someone is asked",
    "items of a list that travels as it is; a longer one is written down and goes by reference": str(lists.INLINE),
    "items of a long list": str(lists.MOST_LISTED),
    "steps of a playbook, those that it runs included": str(model.MOST_STEPS),
    "a compiled playbook": f"{model.MOST_BYTES // 1024} KiB",
    "a YAML file of a book": f"{source.MOST_BYTES // 1024} KiB",
    "a message file": f"{rendering.MOST_SOURCE // 1024} KiB",
    "how long a signed word may be delivered": f"{FRESH_FOR // timedelta(minutes=1)} minutes",
    "a drift between the clocks of front door and run": f"{signatures.LEEWAY // timedelta(minutes=1)} minutes",
}


def test_the_limits_are_those_of_the_code() -> None:
    assert {row[0]: row[1] for row in PAGE.table("What") if row[1] != "Most"} == LIMITS
    assert f"over {process.LOG_LIMIT // 1024**2} MiB" in PAGE.prose
