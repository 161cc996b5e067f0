"""Nothing that an author writes is ever run: known attacks on templates and expressions are refused on the tree."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import jinja2
import pytest

from firedoor.compiler import templates
from firedoor.compiler.book import compile_book
from firedoor.compiler.grammar import ENVIRONMENT
from tests.compiler import golden

ATTACKS = [
    "''.__class__.__mro__[1].__subclasses__()",
    "''['__class__']",
    "''|attr('__class__')",
    "().__class__.__bases__[0]",
    "self._TemplateReference__context",
    "self.__init__.__globals__.__builtins__.__import__('os').popen('id').read()",
    "cycler.__init__.__globals__.os.popen('id').read()",
    "joiner.__init__.__globals__.os.system('id')",
    "namespace.__init__.__globals__",
    "lipsum.__globals__['os'].popen('id').read()",
    "url_for.__globals__",
    "get_flashed_messages.__globals__",
    "config.items()",
    "request.application.__globals__",
    "range(100000000)",
    "dict(a=1)",
    "name.format(name)",
    "name.__format__('x')",
    "'%c' % 65",
    "'%999999999d' % 1",
    "'a' * 999999999",
    "9 ** 999999999",
    "name|map('attr', '__class__')",
    "name|select('callable')",
    "name|groupby('__class__')",
    "name|tojson",
    "name|pprint",
    "name|random",
    "name|format(name)",
    "name|replace('a', 'b')",
    "name|center(99999999)",
    "name|indent(99999999)",
    "name|xmlattr",
    "name|sort(attribute='__class__')",
    "name|batch(9)",
    "[name]|sum(start=[])",
    "name is callable",
    "name is filter",
    "name is sameas none",
    "name[name]",
    "name[0:9999]",
    "{'a': name}",
    "(name, name)",
    "name if name else name",
    "caller()",
    "super()",
    "loop.cycle('a')",
    "varargs",
    "_ ~ _",
    "undefined.x",
    "import('os')",
    "lambda: 1",
    "[x for x in name]",
    "name := 1",
    "f'{name}'",
    "`name`",
    "n\u0430me",
    "\uff4eame",
    "name.\u217dlass",
    "9" * 5_000,
    "0x" + "f" * 5_000,
    "'\\N{LATIN SMALL LETTER A}' | attr('x')",
    "name is name is name",
    "*name",
    "**name",
    "name if name",
    "not " * 300 + "name",
    "(" * 500 + "name" + ")" * 500,
    "name" + " | lower" * 300,
]
STATEMENTS = [
    "{% set x = 1 %}",
    "{% set x %}a{% endset %}",
    "{% macro m() %}a{% endmacro %}",
    "{% call m() %}a{% endcall %}",
    "{% filter upper %}a{% endfilter %}",
    "{% include 'x' %}",
    "{% import 'x' as x %}",
    "{% from 'x' import y %}",
    "{% extends 'x' %}",
    "{% block x %}{% endblock %}",
    "{% with x = 1 %}{% endwith %}",
    "{% do x() %}",
    "{% autoescape true %}{% endautoescape %}",
    "{% for x in name recursive %}{{ loop(x) }}{% endfor %}",
    "{% for x in name if x %}{% endfor %}",
    "{% for x, y in name %}{% endfor %}",
    "{% for x in name %}{% for y in name %}{% endfor %}{% endfor %}",
    "{% for x in name %}{% endfor %}{% for y in name %}{% endfor %}",
    "{% for x in range(9) %}{% endfor %}",
    "{% for loop in name %}{{ loop }}{% endfor %}",
    "{% for _ in name %}{% endfor %}",
    "{% for \uff58 in name %}{{ \uff58 }}{% endfor %}",
    "{{ name['\\x5f\\x5fclass__'] }}",
    "{{ name.\u217dlass }}",
    "{{ name.\uff3f\uff3fclass\uff3f\uff3f }}",
    "{% if name.upper() %}{% endif %}",
    "{% debug %}",
    "{% trans %}a{% endtrans %}",
    "{{ name",
    "{% if name %}",
    "{{ name }",
    "{{ }}",
]


@pytest.fixture(autouse=True)
def nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever would evaluate or generate code fails the test, wherever it is called from."""

    def refuse(*_: object, **__: object) -> object:
        raise AssertionError("a template was compiled or evaluated")

    for name in (
        "compile",
        "from_string",
        "compile_expression",
        "_generate",
        "_compile",
        "call_filter",
        "call_test",
        "getattr",
        "getitem",
    ):
        monkeypatch.setattr(jinja2.Environment, name, refuse)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_as_an_expression_is_refused(attack: str) -> None:
    quoted = attack.replace("'", "''")
    text = f"inputs: {{name: {{type: text}}}}\nsteps:\n  - {{notify: crt, say: x, when: '({quoted}) == name'}}\n"
    made = compile_book(Path("book"), golden.laid_over({golden.PLAYBOOK: text.encode()}))
    assert made.errors
    assert "case" not in made.plans
    for found in made.errors:
        assert found.line == 3


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_in_a_hole_of_a_text_is_refused(attack: str) -> None:
    quoted = attack.replace("'", "''")
    text = f"inputs: {{name: {{type: text}}}}\nsteps:\n  - {{notify: crt, say: 'x {{{{ {quoted} }}}}'}}\n"
    made = compile_book(Path("book"), golden.laid_over({golden.PLAYBOOK: text.encode()}))
    assert made.errors
    assert "case" not in made.plans


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_in_a_message_is_refused_or_names_nothing_that_there_is(attack: str) -> None:
    vetted = templates.vet("x {{ " + attack + " }}")
    # A name that is not in the context is no attack: strict undefined, and the compiler knows each name there is.
    known = {"name", "severity"}
    assert vetted.problems or not vetted.names <= known


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_that_messages_do_not_have_is_refused(statement: str) -> None:
    assert templates.vet("Hello.\n" + statement).problems


def test_what_messages_have_is_allowed_and_its_names_are_found() -> None:
    text = (
        "{{ a }} {{ b.c }} {{ d[0] }} {{ e['f'] }} {{ g ~ ' and ' ~ h | join(', ') }}\n"
        "{% if i > 3 and not j or k is given %}x{% elif l in [m, 'n'] %}y{% else %}{{ o | count }}{% endif %}\n"
        "{% for p in q %}{{ p }}{{ loop.index }}{% else %}{{ r }}{% endfor %}{# s #}"
    )
    vetted = templates.vet(text)
    assert vetted.problems == ()
    assert vetted.names == set("abdeghijklmoqr")


BOMBS = {
    "parentheses": "{{ " + "(" * 3_000 + "a" + ")" * 3_000 + " }}",
    "brackets": "{{ " + "[" * 3_900 + " }}",
    "nots": "{{ " + "not " * 2_000 + "a }}",
    "signs": "{{ " + "-" * 8_000 + "a }}",
    "ands": "{{ a" + " and a" * 1_300 + " }}",
    "dots": "{{ a" + ".a" * 4_000 + " }}",
    "filters": "{{ a" + "|first" * 1_100 + " }}",
    "blocks": "{% if a %}" * 800,
    "closed blocks": "{% if a %}" * 300 + "{% endif %}" * 300,
    "elifs": "{% if a %}" + "{% elif a %}" * 500 + "{% endif %}",
    "braces": "{{" * 4_000,
    "comments": "{#" * 4_000,
    "quotes": "{{ '" * 1_600,
    "ifs in one": "{{ a" + " if a else a" * 600 + " }}",
    "tests": "{{ a" + " is given" * 800 + " }}",
    "powers": "{{ 9" + "**9" * 2_000 + " }}",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_message_that_would_exhaust_the_parser_is_refused_at_once(name: str) -> None:
    started = time.process_time()
    limit = sys.getrecursionlimit()
    assert templates.vet(BOMBS[name]).problems
    assert time.process_time() - started < 1
    assert sys.getrecursionlimit() == limit


def test_the_parser_knows_no_extension_and_optimizes_nothing() -> None:
    assert ENVIRONMENT.extensions == {}
    assert ENVIRONMENT.optimized is False
