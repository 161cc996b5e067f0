"""Expressions: what each lowers to, what is refused, and at which column."""

from __future__ import annotations

from pathlib import Path

import pytest

from firedoor.compiler.book import Book, compile_book
from firedoor.compiler.diagnostics import Finding
from firedoor.plan import Plan
from firedoor.plan.expression import (
    And,
    Arithmetic,
    Compare,
    Const,
    Expr,
    Filter,
    Given,
    InputValue,
    Listing,
    Not,
    Or,
    Read,
    RunField,
    SeverityNow,
    StepField,
    StepIs,
    Within,
)
from tests.compiler.golden import PLAYBOOK, laid_over

HEAD = """
inputs:
  live: {type: yes_no}
  n: {type: number}
  word: {type: text}
  at: {type: date_time}
  lasts: {type: duration}
  kind: {type: choice, choices: [fraud, threat, n]}
  country: {type: country}
  tongue: {type: language}
  site: {type: url, optional: yes}
  account: {type: account}
  accounts: {type: list of account}
  links: {type: list of content}
  countries: {type: list of country}
steps:
  - {contain: lock_account, id: lock, targets: accounts}
  - {approve: Go on, id: go, needs: [{team: policy}], deadline: 1h, on_reject: stop, on_timeout: stop}
  - {task: Call, id: call, assign: crt}
  - {wait: 1m, id: pause}
  - notify: crt
    say: x
    when: """
LIVE = InputValue(name="live", type="yes_no")
N = InputValue(name="n", type="number")
WORD = InputValue(name="word", type="text")
AT = InputValue(name="at", type="date_time")
LASTS = InputValue(name="lasts", type="duration")
KIND = InputValue(name="kind", type="choice")
COUNTRY = InputValue(name="country", type="country")
TONGUE = InputValue(name="tongue", type="language")
SITE = InputValue(name="site", type="url")
ACCOUNT = InputValue(name="account", type="account")
ACCOUNTS = InputValue(name="accounts", type="account", listed=True)
LINKS = InputValue(name="links", type="content", listed=True)
COUNTRIES = InputValue(name="countries", type="country", listed=True)
COUNT = Filter(name="count", of=ACCOUNTS)


def num(value: float) -> Const:
    return Const(value=value, type="number")


def country(code: str) -> Const:
    return Const(value=code, type="country")


def compiled(condition: str) -> Book:
    quoted = condition.replace("'", "''")
    return compile_book(Path("book"), laid_over({PLAYBOOK: f"{HEAD}'{quoted}'\n".encode()}))


def lowered(condition: str) -> Expr:
    book = compiled(condition)
    assert not book.findings, book.findings
    plan: Plan = book.plans["case"]
    when = plan.steps[-1].when
    assert when is not None
    return when


GOOD: list[tuple[str, Expr]] = [
    ("live", LIVE),
    ("not live", Not(of=LIVE)),
    ("live and not live or live", Or(of=(And(of=(LIVE, Not(of=LIVE))), LIVE))),
    ("live and live and live", And(of=(LIVE, LIVE, LIVE))),
    ("(live or live) and live", And(of=(Or(of=(LIVE, LIVE)), LIVE))),
    ("live == no", Compare(sign="==", left=LIVE, right=Const(value=False, type="yes_no"))),
    ("n > 3", Compare(sign=">", left=N, right=num(3))),
    ("n >= -2.5", Compare(sign=">=", left=N, right=num(-2.5))),
    ("3 <= n < 9", And(of=(Compare(sign="<=", left=num(3), right=N), Compare(sign="<", left=N, right=num(9))))),
    (
        "n * 2 + 1 != n // 3 % 4",
        Compare(
            sign="!=",
            left=Arithmetic(sign="+", left=Arithmetic(sign="*", left=N, right=num(2)), right=num(1)),
            right=Arithmetic(sign="%", left=Arithmetic(sign="//", left=N, right=num(3)), right=num(4)),
        ),
    ),
    ("accounts | count >= 3", Compare(sign=">=", left=COUNT, right=num(3))),
    (
        "accounts | first == '@a:x'",
        Compare(sign="==", left=Filter(name="first", of=ACCOUNTS), right=Const(value="@a:x", type="account")),
    ),
    (
        "(accounts | unique | join(' - ')) | lower == word",
        Compare(
            sign="==",
            left=Filter(name="lower", of=Filter(name="join", of=Filter(name="unique", of=ACCOUNTS), argument=" - ")),
            right=WORD,
        ),
    ),
    ("word == 'a b'", Compare(sign="==", left=WORD, right=Const(value="a b"))),
    ("'a' 'b' == word", Compare(sign="==", left=Const(value="ab"), right=WORD)),
    ("kind == fraud", Compare(sign="==", left=KIND, right=Const(value="fraud", type="choice"))),
    ("kind == n", Compare(sign="==", left=KIND, right=Const(value="n", type="choice"))),
    ("threat == kind", Compare(sign="==", left=Const(value="threat", type="choice"), right=KIND)),
    ("kind is fraud", Compare(sign="==", left=KIND, right=Const(value="fraud", type="choice"))),
    ("kind is not fraud", Not(of=Compare(sign="==", left=KIND, right=Const(value="fraud", type="choice")))),
    ("country in [IN, US]", Within(left=COUNTRY, right=Listing(of=(country("IN"), country("US"))))),
    ("country not in [IN]", Not(of=Within(left=COUNTRY, right=Listing(of=(country("IN"),))))),
    ("NZ in countries", Within(left=country("NZ"), right=COUNTRIES)),
    ("country is IN", Compare(sign="==", left=COUNTRY, right=country("IN"))),
    ("country is NO", Compare(sign="==", left=COUNTRY, right=country("NO"))),
    ("tongue == de", Compare(sign="==", left=TONGUE, right=Const(value="de", type="language"))),
    ("account in accounts", Within(left=ACCOUNT, right=ACCOUNTS)),
    ("site is given", Given(of=SITE)),
    ("site is not given", Not(of=Given(of=SITE))),
    ("severity is sev1", Compare(sign="==", left=SeverityNow(), right=Const(value="sev1", type="severity"))),
    ("severity <= sev2", Compare(sign="<=", left=SeverityNow(), right=Const(value="sev2", type="severity"))),
    ("at < run.aware_at", Compare(sign="<", left=AT, right=RunField(field="aware_at"))),
    (
        "run.launched_at - at > '30m'",
        Compare(
            sign=">",
            left=Arithmetic(sign="-", left=RunField(field="launched_at"), right=AT),
            right=Const(value=1800, type="duration"),
        ),
    ),
    (
        "at + '2 days' > '2026-03-04T02:45:00+00:00'",
        Compare(
            sign=">",
            left=Arithmetic(sign="+", left=AT, right=Const(value=172_800, type="duration")),
            right=Const(value="2026-03-04T02:45:00+00:00", type="date_time"),
        ),
    ),
    ("lasts >= '1h 30m'", Compare(sign=">=", left=LASTS, right=Const(value=5400, type="duration"))),
    (
        "lasts * 2 < '1h'",
        Compare(
            sign="<",
            left=Arithmetic(sign="*", left=LASTS, right=num(2)),
            right=Const(value=3600, type="duration"),
        ),
    ),
    ("run.region == 'emea'", Compare(sign="==", left=RunField(field="region"), right=Const(value="emea"))),
    ("go is approved", StepIs(step="1", outcome="approved")),
    ("call is not done", Not(of=StepIs(step="2", outcome="done"))),
    (
        "lock.held | count > 0",
        Compare(sign=">", left=Filter(name="count", of=StepField(step="0", field="held")), right=num(0)),
    ),
    ("lock.done_at is given", Given(of=StepField(step="0", field="done_at"))),
    (
        "reports_per_hour < 20",
        Compare(sign="<", left=Read(call="reports_per_hour", site="4:0", type="number"), right=num(20)),
    ),
    (
        "copies_of(links) | count > 9",
        Compare(
            sign=">",
            left=Filter(
                name="count",
                of=Read(call="copies_of", site="4:0", argument=LINKS, type="content", listed=True),
            ),
            right=num(9),
        ),
    ),
    (
        "owner_of(links | first) == account",
        Compare(
            sign="==",
            left=Read(call="owner_of", site="4:0", argument=Filter(name="first", of=LINKS), type="account"),
            right=ACCOUNT,
        ),
    ),
]


@pytest.mark.parametrize(("condition", "expected"), GOOD, ids=[condition for condition, _ in GOOD])
def test_an_expression_becomes_this_tree(condition: str, expected: Expr) -> None:
    assert lowered(condition) == expected


BAD = [
    # (condition, code, what the finding points at)
    ("lve", "FD202", "lve"),
    ("live and nn > 3", "FD202", "nn"),
    ("sign-off is approved", "FD202", "sign-off"),
    ("off is approved", "FD208", "off"),
    ("later is done", "FD208", "later"),
    ("n == '3'", "FD212", "n == '3'"),
    ("n > word", "FD212", "n > word"),
    ("word > 'a'", "FD212", "word > 'a'"),
    ("live == 1", "FD212", "live == 1"),
    ("kind == country", "FD212", "kind == country"),
    ("account == links", "FD212", "links"),
    ("accounts == accounts", "FD212", "accounts"),
    ("links | first in accounts", "FD212", "links | first in accounts"),
    ("'a' in word", "FD212", "word"),
    ("[n, word] | count > 1", "FD212", "word"),
    ("at + at > at", "FD212", "at + at"),
    ("word + word == word", "FD212", "word + word"),
    ("lasts + 30 > lasts", "FD212", "lasts + 30"),
    ("live | count > 1", "FD212", "count"),
    ("accounts | lower == word", "FD212", "lower"),
    ("n", "FD213", "n"),
    ("accounts", "FD213", "accounts"),
    ("word or live", "FD213", "word"),
    ("go", "FD213", "go"),
    ("not accounts", "FD213", "accounts"),
    ("live and (n + 1)", "FD213", "n + 1"),
    ("kind == frad", "FD216", "frad"),
    ("kind is spam", "FD216", "spam"),
    ("country == 'XX'", "FD216", "'XX'"),
    ("country in [IN, Us]", "FD216", "Us"),
    ("severity is sev9", "FD216", "sev9"),
    ("lasts > '30 parsecs'", "FD106", "'30 parsecs'"),
    ("at > 'tomorrow'", "FD109", "'tomorrow'"),
    ("go is done", "FD215", "done"),
    ("lock is approved", "FD215", "approved"),
    ("live is done", "FD215", "done"),
    ("go.held | count > 1", "FD217", "held"),
    ("lock.helt | count > 1", "FD202", "helt"),
    ("run.age > lasts", "FD202", "age"),
    ("run == word", "FD217", "run"),
    ("go == word", "FD217", "go"),
    ("word.upper == word", "FD211", "upper"),
    ("accounts[0] == account", "FD211", "accounts[0]"),
    ("accounts | map('x') | count > 1", "FD211", "map"),
    ("accounts | count(1) > 1", "FD211", "count"),
    ("word ~ word == word", "FD211", "word ~ word"),
    ("n ** 2 > 4", "FD211", "n ** 2"),
    ("live if live else live", "FD211", "live if live else live"),
    ("{1: 2} | count > 1", "FD211", "{1: 2}"),
    ("true", "FD211", "true"),
    ("site == none", "FD211", "none"),
    ("site is defined", "FD211", "defined"),
    ("copies_off(links) | count > 1", "FD205", "copies_off"),
    ("owner_of() == account", "FD205", "owner_of"),
    ("owner_of(links) == account", "FD217", "links"),
    ("owner_of(item=word) == account", "FD205", "owner_of"),
    ("word() == word", "FD211", "word"),
    ("word.strip() == word", "FD211", "word.strip()"),
    ("live &", "FD210", "&"),
    ("live && live", "FD210", "&&"),
    ("live = live", "FD210", "="),
    ("(live", "FD210", "("),
    ("live)", "FD210", ")"),
    ("live or", "FD210", "or"),
    ("word == 'a", "FD210", "'a"),
    ("live live", "FD210", "live live"),
    ("live }} {{ live", "FD210", "}}"),
    ("n > 99999999999999999999", "FD108", "99999999999999999999"),
]


def _pointed(found: Finding) -> str:
    assert found.source is not None
    return found.source[found.column - 1 : found.end_column - 1].replace("''", "'")


@pytest.mark.parametrize(("condition", "code", "piece"), BAD, ids=[condition for condition, *_ in BAD])
def test_a_wrong_expression_is_one_finding_at_its_part(condition: str, code: str, piece: str) -> None:
    (found,) = compiled(condition).findings
    assert (found.code, _pointed(found)) == (code, piece), found.message
    assert found.fix


@pytest.mark.parametrize("length", [50, 98, 200, 1_000, 20_000])
@pytest.mark.parametrize(
    "piece", ["live and ", "not ", "(", "[", "-", "live or not (", "n + ", "'a' ", "live is given is "]
)
def test_an_expression_that_is_too_long_is_refused_and_never_breaks_the_compiler(piece: str, length: int) -> None:
    for found in compiled(piece * min(length, 16_000 // len(piece)) + "live").findings:
        assert found.code in ("FD210", "FD212", "FD213", "FD211", "FD005")
