"""A first playbook from answers: it tells, acts, has it signed, meets its clock, and looks back."""

from __future__ import annotations

from collections.abc import Iterator

from firedoor.authoring.questions import Answers, chosen, seats
from firedoor.authoring.wording import listed, quoted
from firedoor.compiler import Book
from firedoor.plan.model import Action
from firedoor.plan.time import written

_INPUTS = {"account": "accounts", "content": "items", "person": "people"}


def input_of(action: Action) -> str | None:
    """The name of the input that the action's targets come from; None where it takes none."""
    if action.target is None:
        return None
    return _INPUTS.get(action.target, f"{action.target}_list")


def at_once(actions: list[Action]) -> list[Action]:
    """What is done first, and signed for afterwards: whatever waits for nobody and can be undone."""
    return [one for one in actions if not one.requires and not one.irreversible]


def playbook(book: Book, name: str, answers: Answers) -> str:
    """Its text, with the places that are still to be decided marked."""
    parts = [_head(name, answers), _inputs(book, answers), _clocks(answers), _steps(book, answers), _review(answers)]
    return "\n".join("\n".join(part) + "\n" for part in parts if part)


def _head(name: str, answers: Answers) -> list[str]:
    return [
        f"playbook: {name}",
        'version: "0.1"',
        f"owner: {answers.one('owner')}",
        f"title: {quoted(answers.one('title'))}",
        f"use_when: {quoted(answers.one('use_when'))}",
    ]


def _inputs(book: Book, answers: Answers) -> list[str]:
    lines = ["inputs:                              # decide: what else has to be known at the launch"]
    for name, target in _wanted(book, answers).items():
        lines.append(f"  {name}: {{type: list of {target}, at_least: 1}}")
    lines += ["  serious: {type: yes_no, ask: Is it serious?}", ""]
    return [
        *lines,
        "severity:                            # decide: what makes it how bad",
        "  sev1: serious",
        "  sev3: otherwise",
    ]


def _wanted(book: Book, answers: Answers) -> dict[str, str]:
    """Inputs for the targets, and the type of each."""
    actions = chosen(book, answers)
    return {name: one.target for one in actions if (name := input_of(one)) is not None and one.target is not None}


def _clocks(answers: Answers) -> list[str]:
    if not answers.some("clock"):
        return []
    return [
        "clocks:",
        f"  - clock: {answers.one('clock')}",
        "    starts: run.aware_at             # decide: what starts it",
    ]


def _steps(book: Book, answers: Answers) -> list[str]:
    """What is done first, beside it what the law wants and who is told, then what waits for a signature."""
    beside = [*_clock_task(book, answers), *_notice(book, answers)]
    acts = [line for one in at_once(chosen(book, answers)) for line in _act(one)]
    signed = list(_signed(book, answers))
    if not beside or not acts + signed:
        return ["steps:", *_indented(acts + signed + beside, 2)]
    group = ["- group: Contain", "  steps:", *_indented(acts + signed, 4)] if len(acts + signed) else []
    return [
        "steps:",
        "  - parallel: Contain and tell       # beside each other: what fails holds up nothing else",
        "    steps:",
        *_indented([*group, *beside], 6),
    ]


def _act(action: Action, when: str | None = None) -> list[str]:
    target = input_of(action)
    return [
        f"- contain: {action.name}",
        f"  id: {action.name}_step",
        *([f"  when: {when}"] if when else []),
        *([f"  targets: {target}"] if target else []),
    ]


def _signed(book: Book, answers: Answers) -> Iterator[str]:
    actions = chosen(book, answers)
    wanted = seats(actions, answers)
    if not wanted:
        return
    first, then = at_once(actions), [one for one in actions if one not in at_once(actions)]
    shown = list(dict.fromkeys(name for one in actions if (name := input_of(one)) is not None))
    yield f"- approve: {quoted(_question(first, then))}   # decide: what they sign, in their words"
    yield "  id: signed"
    yield f"  needs: {listed([_seat(book, who, count) for who, count in wanted.items()])}"
    if shown:
        yield f"  show: {listed(shown)}"
    yield f"  deadline: {answers.one('deadline')}"
    yield f"  on_reject: {answers.one('no')}"
    yield f"  on_timeout: {answers.one('silence')}"
    for action in then:
        yield from _act(action, "signed is approved")


def _seat(book: Book, who: str, count: int) -> str:
    kind = "team" if book.organization is not None and who in book.organization.teams else "role"
    return f"{{{kind}: {who}{f', seats: {count}' if count > 1 else ''}}}"


def _question(first: list[Action], then: list[Action]) -> str:
    if not then:
        return f"Keep what was done: {_said(first)}"
    kept = f"Keep what was done ({', '.join(one.name for one in first)}), and do this" if first else "Do this"
    return f"{kept}: {_said(then)}"


def _said(actions: list[Action]) -> str:
    return " ".join(one.does for one in actions).rstrip(".")


def _clock_task(book: Book, answers: Answers) -> list[str]:
    if not answers.some("clock"):
        return []
    name = answers.one("clock")
    due = max(book.clocks[name].limit // 2 // 60, 1) * 60
    return [
        f"- task: {quoted(f'See to what {name} wants')}",
        "  id: law",
        f"  assign: {answers.one('clock_by')}",
        f"  due: {written(due)}                          # decide: how long they have",
        "  on_timeout: ask commander",
        "  proof: reference number",
        f"  meets: {name}",
    ]


def _notice(book: Book, answers: Answers) -> list[str]:
    """In each language of those outside, who cannot be asked for theirs."""
    title = answers.one("title").replace("{", "(").replace("}", ")")
    words = quoted(f"{{{{ severity }}}}: {title}")
    organization = book.organization
    outside = organization is not None and any(who in organization.contacts for who in answers.some("tell"))
    languages = organization.languages if organization is not None and outside else ()
    say = f"{{{', '.join(f'{language}: {words}' for language in languages)}}}" if len(languages) > 1 else words
    return [
        f"- notify: {listed(answers.some('tell'))}",
        f"  say: {say}   # decide: what they have to know",
        "  on_failure: continue",
    ]


def _indented(lines: list[str], by: int) -> list[str]:
    return [f"{' ' * by}{line}" for line in lines]


def _review(answers: Answers) -> list[str]:
    return [
        "review:",
        "  owner: commander",
        "  meeting_within: {sev1: 3 days}",
        "  tasks:",
        f'    - {{task: "Change this playbook, or record why not", assign: {answers.one("owner")}, due: 14 days}}',
    ]
