"""Whole books: playbooks that came and went, got another name, or do not compile; and what all of them share."""

from __future__ import annotations

from firedoor.comparing import compare_books
from firedoor.compiler import Book
from firedoor.compiler import book as book_
from tests.comparing.subject import BOOK, FILE, SUBJECT, book, files, sentences

ORGANIZATION, ACTIONS = "organization.yaml", "actions.yaml"
SECOND = SUBJECT.replace("playbook: subject", "playbook: second")
BROKEN = [("deadline: 15m", "deadline: soon")]


def _told(old: Book, new: Book) -> list[str]:
    return [words.partition(": ")[2] for words in sentences(old, new)]


def _without(name: str) -> Book:
    return book_.compile_book(BOOK, {file: data for file, data in files().items() if file != name})


def test_playbooks_come_and_go() -> None:
    assert _told(_without(FILE), book()) == ["New playbook subject: An account is taken over."]
    assert _told(book(), _without(FILE)) == ["The playbook subject is gone: it cannot be launched any more."]


def test_a_playbook_with_another_name_is_still_that_playbook() -> None:
    renamed = book({FILE: [("playbook: subject", "playbook: takeover"), ("deadline: 15m", "deadline: 20m")]})
    assert _told(book(), renamed) == [
        "Policy and Legal now have 20 minutes to sign “Freeze all posting”, was 15.",
        "At worst the clock order is now met with 1 hour to spare; before, met with 1 hour 5 minutes to spare.",
        "The playbook is now called takeover, was subject.",
    ]


def test_a_playbook_that_does_not_compile_is_told_with_its_findings() -> None:
    found = compare_books(book(), book({FILE: BROKEN}))
    assert [part.change.says for part in found.parts] == ["subject does not compile: it cannot be launched."]
    assert [(finding.code, finding.line) for finding in found.findings] == [("FD106", 43)]
    assert found.parts[0].change.matter == "broken"


def test_a_file_that_is_no_yaml_any_more_is_no_playbook_that_is_gone() -> None:
    found = compare_books(book(), book({FILE: [("playbook: subject", "playbook: [subject")]}))
    assert [part.change.says for part in found.parts] == ["subject does not compile: it cannot be launched."]
    assert found.findings


def test_what_cannot_be_compared_is_said() -> None:
    broken = book({FILE: BROKEN})
    assert _told(broken, book()) == ["subject compiles again; it did not before, so what changed in it cannot be told."]
    assert _told(broken, book({FILE: [("deadline: 15m", "deadline: never")]})) == [
        "subject compiles in neither version, so what changed in it cannot be told."
    ]


def test_what_all_share_stops_all() -> None:
    broken = book({ORGANIZATION: [("manager: eoin}", "manager: nobody}")]})
    found = compare_books(book(), broken)
    says = ["What all playbooks share has mistakes: none of them can be launched."]
    assert [part.change.says for part in found.parts] == says
    assert {finding.file for finding in found.findings} == {ORGANIZATION}
    assert _told(broken, book()) == ["What all playbooks share is sound again; before, none could be launched."]
    assert _told(broken, broken) == [
        "What all playbooks share has mistakes in both versions: what changed cannot be told."
    ]


def test_what_several_playbooks_take_of_the_book_is_told_once_and_names_them() -> None:
    second = {"second.yaml": [("", SECOND)]}
    less = {ACTIONS: [(", requires: [{team: policy}]}", "}")]}
    found = compare_books(book(second), book({**second, **less}))
    assert [(part.change.says, part.playbooks) for part in found.parts] == [
        ("Policy no longer has to sign freeze_posting.", ("second", "subject"))
    ]


def test_a_change_of_the_organization_belongs_to_no_playbook() -> None:
    later = {ORGANIZATION: [("answers_within: 5m", "answers_within: 9m")]}
    found = compare_books(book(), book(later))
    assert [(part.change.says, part.playbooks) for part in found.parts] == [
        ("Whoever commands now has 9 minutes to answer before the next is asked, was 5.", ()),
        (
            "At worst the clock order is now met with 45 minutes to spare; before, met with 1 hour 5 minutes to spare.",
            ("subject",),
        ),
    ]


def test_one_playbook_alone() -> None:
    second = {"second.yaml": [("", SECOND)]}
    changed = {"second.yaml": [("", SECOND.replace("15m", "20m"))], FILE: [("deadline: 15m", "deadline: 30m")]}
    found = compare_books(book(second), book(changed), only=(FILE, FILE))
    assert {part.playbooks for part in found.parts} == {("subject",)}


def test_a_broken_rehearsal_breaks_no_playbook() -> None:
    broken = {"rehearsals/first.yaml": [("", "rehearse: nothing")]}
    assert book(broken).errors
    assert _told(book(), book(broken)) == []
