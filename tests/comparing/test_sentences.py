"""What is told of each kind of change (changes.txt), in each language, and that no phrase is left untold."""

from __future__ import annotations

import re

import pytest

from firedoor.comparing import LANGUAGES, compare_books
from firedoor.comparing.phrases import CATALOGUES
from tests.comparing.cases import Case, cases
from tests.comparing.subject import sentences

CASES = list(cases())
_HOLE = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_told(case: Case) -> None:
    old, new = case.book("old"), case.book("new")
    assert not [error.message for error in (*old.errors, *new.errors)]
    assert sentences(old, new) == case.told


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_tells_the_same_changes(language: str) -> None:
    for case in CASES[3::17]:
        parts = compare_books(case.book("old"), case.book("new"), language).parts
        assert [part.change.matter for part in parts] == [words.split()[0] for words in case.told]


def test_no_language_lacks_a_phrase_or_a_hole() -> None:
    english = CATALOGUES["en"]
    for language, phrases in CATALOGUES.items():
        assert phrases.keys() == english.keys(), language
        for key, phrase in phrases.items():
            assert set(_HOLE.findall(phrase)) == set(_HOLE.findall(english[key])), (language, key)
            assert phrase.strip() or key == "space", (language, key)


def test_every_sentence_of_a_change_is_told_somewhere() -> None:
    told = {words.split()[1].rstrip(":") for case in CASES for words in case.told}
    sentences_ = {key for key, phrase in CATALOGUES["en"].items() if phrase.endswith((".", "}")) and "{" in phrase}
    parts = (
        "who.",
        "step.",
        "now.",
        "plain.",
        "kept.",
        "before.",
        "occasion.",
        "leaf.",
        "second",
        "minute",
        "hour",
        "day",
        "business",
    )
    silent = {key for key in sentences_ - told if not key.startswith(parts)}
    assert silent <= _PARTS | _ELSEWHERE, sorted(silent - _PARTS - _ELSEWHERE)


_PARTS = {
    "and",
    "in.languages",
    "list.of",
    "seat.of",
    "suffix.when",
    "when",
    "org.shift",
    "summary.one",
    "summary.many",
}
"""They stand inside of sentences."""
_ELSEWHERE = {"playbook.broken", "playbook.still_broken", "playbook.mended", "playbook.gone", "playbook.new"}
_ELSEWHERE |= {"head.playbook", "text.holes", "text.context", "action.target", "read.shape"}
_ELSEWHERE |= {"undo.step", "show.changed"}
"""Told in test_books, test_alignment and test_nothing_is_silent."""
