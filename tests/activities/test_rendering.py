"""Messages are rendered as written; attacks are refused by the vetting, and come to nothing without it as well."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from activities.rendering import MOST_CONTEXT, MOST_SOURCE, PROGRAM, Renderer, RenderFailed

CONTEXT: dict[str, Any] = {
    "event_name": "an {{ event }} <b>",
    "accounts": ["@a:x", "@b:x", "@a:x"],
    "live_now": True,
    "views": None,
    "share": 3.0,
    "severity": "sev1",
    "secret": "hunter2",
    "nested": {"name": "Ana"},
}


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    made = Renderer()
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Hello", "Hello"),
        ("{{ severity }}: {{ event_name }}", "sev1: an {{ event }} <b>"),
        ("{{ accounts | count }} of {{ accounts | unique | join(' and ') }}", "3 of @a:x and @b:x"),
        ("{{ accounts }}", "@a:x, @b:x, @a:x"),
        ("{{ accounts | first }} {{ accounts | last }} {{ accounts[1] }}", "@a:x @a:x @b:x"),
        ("{{ live_now }} {{ views }} {{ share }}", "yes (not given) 3"),
        ("{% if live_now %}live{% else %}over{% endif %}", "live"),
        ("{% if views is given %}seen {{ views }}{% else %}not counted{% endif %}", "not counted"),
        ("{% if severity == 'sev1' and not views %}now{% endif %}", "now"),
        ("{% for account in accounts %}- {{ account | lower }}\n{% endfor %}", "- @a:x\n- @b:x\n- @a:x\n"),
        ("{{ 'Ü' ~ event_name }}", "Üan {{ event }} <b>"),
        ("{{ nested.name }} {{ nested['name'] }}", "Ana Ana"),
    ],
)
async def test_a_message(renderer: Renderer, source: str, text: str) -> None:
    assert await renderer.render(source, CONTEXT) == text


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ who }}", "name"),
        ("{{ nested.surname }}", "name"),
        ("{% if views > 3 %}{% endif %}", "broken"),
        ("x" * (MOST_SOURCE + 1), "source"),
        ("{% for a in accounts %}{{ a }}" + "y" * 6000 + "{% endfor %}", "long"),
        ("{% if %}", "refused"),
    ],
)
async def test_what_gives_no_text_says_why_and_nothing_else(renderer: Renderer, source: str, reason: str) -> None:
    context = {**CONTEXT, "accounts": ["@a:x"] * 20}
    with pytest.raises(RenderFailed) as failed:
        await renderer.render(source, context)
    assert failed.value.reason == reason
    assert not any(held in str(failed.value) for held in ("hunter2", "@a:x", "surname"))


async def test_a_context_is_json_and_small(renderer: Renderer) -> None:
    too_much: tuple[dict[str, Any], ...] = ({"x": "y" * MOST_CONTEXT}, {"x": Path("/")}, {"x": float("nan")})
    for context in too_much:
        with pytest.raises(RenderFailed) as failed:
            await renderer.render("{{ x }}", context)
        assert failed.value.reason == "context"


LONG = {"digest": "a" * 64, "count": 100_000, "first": ["@a:x", "@b:x"], "unique": True}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ x }}", "@a:x, @b:x, and 99998 more"),
        ("{{ x | count }} of them, {{ x | first }} first", "100000 of them, @a:x first"),
        ("{% for one in x %}[{{ one }}]{% endfor %}", "[@a:x][@b:x][and 99998 more]"),
        ("{{ x | unique | count }}", "100000"),
    ],
)
async def test_a_long_list_is_told_by_its_first_few_and_its_length(renderer: Renderer, source: str, text: str) -> None:
    assert await renderer.render(source, {"x": LONG}) == text


@pytest.mark.parametrize("source", ["{{ x | last }}", "{{ '@c:x' in x }}"])
async def test_what_is_not_known_of_a_long_list_is_not_told_wrongly(renderer: Renderer, source: str) -> None:
    with pytest.raises(RenderFailed):
        await renderer.render(source, {"x": LONG})


CODE = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ [].__class__.__base__.__subclasses__() }}",
    "{{ accounts.__class__.__init__.__globals__ }}",
    "{{ self.__init__.__globals__.__builtins__ }}",
    "{{ self._TemplateReference__context.name.__init__.__globals__.os.popen('id').read() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ range.__class__ }}",
    "{{ request.application.__globals__ }}",
    "{{ config.items() }}",
    "{{ accounts | attr('__class__') }}",
    "{{ (accounts | attr('__cla' ~ 'ss__')) }}",
    "{{ accounts | map(attribute='__class__') | list }}",
    "{{ ()|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ '{0.__class__.__init__.__globals__}'.format(accounts) }}",
    "{{ '{0.__class__}'.format_map({'0': accounts}) }}",
    "{{ ('%s' | format(secret.__class__)) }}",
    "{% set x = accounts.append('y') %}{{ accounts }}",
    "{% set _ = nested.update({'name': 'x'}) %}",
    "{{ accounts.clear() }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}{{ os }}",
    "{% extends '/etc/passwd' %}",
    "{% macro x() %}{{ caller.__globals__ }}{% endmacro %}{{ x() }}",
    "{% call(x) secret() %}{% endcall %}",
    "{{ secret.encode().decode.__self__ }}",
    "{{ loop.__class__ }}",
    "{% for x in accounts %}{{ loop.__init__.__globals__ }}{% endfor %}",
    "{{ undefined_thing.__class__.__mro__ }}",
    "{{ (1).__class__ }}",
    "{% raw %}{{ x }}{% endraw %}{% debug %}",
    "{{ dict.mro() }}",
    "{{ secret.__add__ }}",
    "{{ accounts.sort.__self__.__class__ }}",
    "{{ nested.keys.__call__ }}",
]


@pytest.mark.parametrize("attack", CODE)
async def test_no_template_runs_code(renderer: Renderer, attack: str) -> None:
    with pytest.raises(RenderFailed):
        await renderer.render(attack, CONTEXT)
    try:
        text = await renderer.sandboxed(attack, CONTEXT)
    except RenderFailed:
        return
    assert not any(
        leak in text for leak in ("<class", "<built-in", "<function", "<module", "uid=", "root:", "object at")
    )


BOMBS = [
    "{{ 'x' * 10000000000 }}",
    "{{ 10 ** 10 ** 8 }}",
    "{{ ('x' * 100000000) | count }}",
    "{% for a in range(100000000) %}{% endfor %}",
    "{% for a in accounts %}{% for b in accounts %}{% for c in accounts %}{{ secret * 10000 }}{% endfor %}{% endfor %}{% endfor %}",
    "{{ '%099999999999d' % 1 }}",
    "{{ '{:>9999999999}'.format(1) }}",
    "{{ accounts | join('x' * 99999999) }}",
    "{{ [[0] * 99999999] * 99999999 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ " + "(" * 900 + "1" + ")" * 900 + " }}",
    "{{ " + "not " * 3000 + "secret }}",
    "{% if 1 %}" * 900 + "{% endif %}" * 900,
    "{{ " + "+".join(["1"] * 3000) + " }}",
    "{{ 'a' ~ " + " ~ ".join(["secret"] * 1500) + " }}",
    "{% for x in accounts recursive %}{{ loop(accounts) }}{% endfor %}",
    "{{ ((((((2**9999)**99)**9)**9)**9)**9) }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
]


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb[:40])
async def test_no_template_takes_what_is_not_its_own(renderer: Renderer, bomb: str) -> None:
    for render in (renderer.render, renderer.sandboxed):
        assert await _within_bounds(render, bomb)
    assert await renderer.render("{{ severity }}", CONTEXT) == "sev1", "the next message is not harmed"


async def _within_bounds(render: Callable[[str, dict[str, Any]], Awaitable[str]], source: str) -> bool:
    try:
        text = await render(source, {**CONTEXT, "accounts": ["@a:x"] * 200})
    except RenderFailed:
        return True
    return len(text.encode()) <= 64 * 1024


async def test_a_template_cannot_reach_files_or_the_environment(renderer: Renderer, tmp_path: Path) -> None:
    # Even code in the child could write nothing and open little: the limits are on the process, not on the template.
    script = tmp_path / "escape.py"
    script.write_text(
        "import sys, os\n"
        f"sys.path.insert(0, {str(PROGRAM.parent)!r})\n"
        "import sandbox\n"
        "sandbox.limit()\n"
        f"open({str(tmp_path / 'written')!r}, 'wb', buffering=0).write(b'x')\n"
    )
    program = await asyncio.create_subprocess_exec(sys.executable, str(script), stderr=asyncio.subprocess.DEVNULL)
    assert await program.wait() != 0
    written = tmp_path / "written"
    assert written.stat().st_size == 0


async def test_messages_at_once_do_not_mix(renderer: Renderer) -> None:
    texts = await asyncio.gather(*(renderer.render("{{ n }}", {"n": number}) for number in range(40)))
    assert texts == [str(number) for number in range(40)]


async def test_a_program_that_died_is_started_again(renderer: Renderer) -> None:
    assert await renderer.render("a", {}) == "a"
    program = renderer._program
    assert program is not None
    program.kill()
    await program.wait()
    assert await renderer.render("b", {}) == "b"


async def test_a_cancelled_render_leaves_nothing_behind(renderer: Renderer) -> None:
    task = asyncio.create_task(renderer.sandboxed("{{ ((((((2**9999)**99)**9)**9)**9)**9) }}", {}))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await renderer.render("{{ n }}", {"n": 1}) == "1"


async def test_one_program_renders_many(renderer: Renderer) -> None:
    """To start one takes longer than to render a hundred messages."""
    await renderer.render("{{ n }}", {"n": 0})
    program = renderer._program
    for number in range(50):
        await renderer.render("{{ n }}", {"n": number})
    assert renderer._program is program
