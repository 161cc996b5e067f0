"""The first rehearsal of a new playbook: somebody signs, somebody refuses, nobody answers."""

from __future__ import annotations

from firedoor.authoring.playbook import at_once, input_of
from firedoor.authoring.questions import STOP, UNDO_ALL, Answers, chosen, seats
from firedoor.compiler import Book

BEGINS = "2026-03-04T10:00:00+00:00"
"""A Wednesday morning in Europe."""
_SAMPLES = {
    "account": '"@someone:platform.example"',
    "content": '"mxc://platform.example/one"',
    "url": '"https://platform.example/one"',
    "email": '"someone@platform.example"',
    "country": "IE",
    "language": "en",
}


def rehearsal(book: Book, name: str, answers: Answers) -> str:
    actions = chosen(book, answers)
    wanted = seats(actions, answers)
    lines = [
        f"rehearse: {name}",
        f"at: {BEGINS}       # when it begins; 'at:' below counts from here",
        "given:                               # the launch form, for all cases",
    ]
    for target in dict.fromkeys(one.target for one in actions if one.target is not None):
        (field,) = {input_of(one) for one in actions if one.target == target}
        lines.append(f"  {field}: [{_SAMPLES.get(target, 'something')}]")
    lines += [
        "  serious: no",
        "",
        "cases:                               # decide: what else can happen; walk every way",
    ]
    lines += _cases(book, answers, wanted) if wanted else _nobody_signs(book, answers)
    return "\n".join(lines) + "\n"


def _people(who: list[str], word: str) -> list[str]:
    return ["    people:", "      - at: 10m", *(f"        {one}: {word}" for one in who)]


def _cases(book: Book, answers: Answers, wanted: dict[str, int]) -> list[str]:
    actions = chosen(book, answers)
    acts = [f"{one.name}_step" for one in at_once(actions)]
    then = [f"{one.name}_step" for one in actions if one not in at_once(actions)]
    return [
        "  - name: It is signed",
        *_people(list(wanted), "approve signed"),
        "    expect:",
        "      severity: sev3",
        f"      order: [{', '.join([*acts, 'signed approved', *then])}]",
        "",
        "  - name: They refuse",
        *_people(list(wanted)[:1], 'reject signed because "a false alarm"'),
        "    expect:",
        f"      order: [{', '.join([*acts, 'signed rejected'])}]",
        *([f"      never: [{', '.join(then)}]"] if then and answers.one("no") in (STOP, UNDO_ALL) else []),
        *(["      held: []"] if answers.one("no") == UNDO_ALL else []),
        "",
        "  - name: Nobody answers",
        "    expect:",
        *(
            ["      asked: [commander]"]
            if answers.one("silence").startswith("ask")
            else ["      order: [signed unanswered]"]
        ),
    ]


def _nobody_signs(book: Book, answers: Answers) -> list[str]:
    acts = [f"{one.name}_step" for one in at_once(chosen(book, answers))]
    return [
        "  - name: It goes as planned",
        "    expect:",
        "      severity: sev3",
        *([f"      order: [{', '.join(acts)}]"] if acts else []),
    ]
