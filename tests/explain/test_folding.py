"""Lines keep to their room and lose no character, in any script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firedoor.explain.folding import cells, fold

TEXTS = st.text(alphabet=st.sampled_from("ab W-/.,:“”äß漢字、。ー「」 "), max_size=80)


@given(text=TEXTS, room=st.integers(2, 30))
def test_every_line_fits_and_nothing_is_lost(text: str, room: int) -> None:
    lines = fold(text, room)
    assert all(cells(line) <= room for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(line == line.strip() for line in lines)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["one two", "three"]),
        ("eu-tco-threat-to-life", ["eu-tco-", "threat-to-", "life"]),
        ("Beitragsprüfung", ["Beitragspr", "üfung"]),
        ("動画を開かない。", ["動画を開か", "ない。"]),
        ("これは長文、です", ["これは長", "文、です"]),
        ("", []),
    ],
)
def test_where_it_breaks(text: str, lines: list[str]) -> None:
    assert fold(text, 10) == lines


def test_without_a_bound_it_stays_one_line() -> None:
    assert fold("a  b\nc", None) == ["a b c"]
