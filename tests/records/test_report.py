"""The report of an incident: pure text, in which nothing that someone wrote becomes markup, and every signature is whole."""

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from firedoor.people.signatures import KeyRing, SigningKey
from firedoor.protocol import Answer, Row, Signed
from firedoor.records.all import open_records
from firedoor.records.ledger import Intention
from firedoor.records.report import Head, apart, as_json, as_markdown, gaps, signed_documents
from firedoor.records.timeline import AFTER_THE_RUN

AT = datetime(2026, 3, 4, 18, 45, tzinfo=UTC)
KEY = SigningKey.generate()


def head(**more: object) -> Head:
    known: dict[str, object] = {
        "incident": "inc-abcdefghij",
        "title": "Take over | of *all*",
        "playbook": "takeover",
        "plan": "f" * 64,
        "severity": "sev1",
        "phase": "closed",
        "launched_by": "ana",
        "launched_at": AT,
        "drill": False,
        "written_at": AT,
        "keys": {KEY.id: base64.b64encode(KEY.public).decode()},
        **more,
    }
    return Head(**known)  # type: ignore[arg-type]


def signed(reason: str, document: str = "a" * 64) -> Signed:
    return KEY.sign(
        Answer(
            person="omar",
            incident="inc-abcdefghij",
            plan="f" * 64,
            nonce="0123456789",
            issued=AT,
            expires=AT,
            ask="approve:2:1",
            document=document,
            choice="approve",
            reason=reason,
        )
    )


def row(seq: int, words: str = "It happened", word: Signed | None = None) -> Row:
    return Row(seq=seq, at=AT, kind="approval.signed" if word else "note", words=words, by="omar", signed=word)


def test_a_signature_in_the_report_can_be_checked() -> None:
    word = signed("```\n# Not a heading\n```")
    text = as_markdown(head(), [row(1), row(2, word=word)])
    body = text.split("````json\n")[1].split("\n````")[0]
    assert Signed(body=body, key=word.key, signature=word.signature) == word
    ring = KeyRing({KEY.id: KEY.public})
    assert ring.verify_answer(word).choice == "approve"
    for fact in (f"- Signature: {word.signature}", f"- Document (SHA-256): {'a' * 64}", f"- Key: {KEY.id}"):
        assert fact in text.replace("\\", "")


def test_the_document_that_was_signed_stands_beside_the_signature() -> None:
    document = '{"question":"Lock ``` them?"}'
    hash_ = hashlib.sha256(document.encode()).hexdigest()
    rows = [row(1, word=signed("yes", hash_)), row(2, word=signed("no", "b" * 64))]
    assert signed_documents(rows) == [hash_, "b" * 64]
    text = as_markdown(head(), rows, documents={hash_: document})
    shown = text.split("The document:\n\n````json\n")[1].split("\n````")[0]
    assert hashlib.sha256(shown.encode()).hexdigest() == hash_
    assert text.count("The document was not kept here") == 1
    assert as_json(head(), rows, documents={hash_: document})["documents"] == {hash_: document}


def test_what_a_record_lacks_is_said_at_its_top() -> None:
    assert "**" not in as_markdown(head(), [row(1)])
    top = as_markdown(head(phase="responding", asked=False, unwritten=3), [row(1)]).partition("## Timeline")[0]
    assert "The run has not closed" in top
    assert "could not be asked" in top
    assert "The last 3 rows" in top


def test_what_someone_wrote_is_text_and_nothing_else() -> None:
    text = as_markdown(head(), [row(1, "| a\n# b <script> [x](javascript:1) `c`")])
    assert "\\| a \\# b \\<script\\> \\[x\\](javascript:1) \\`c\\`" in text
    assert text.startswith("# Take over \\| of \\*all\\*\n")


def test_rows_that_are_missing_are_told() -> None:
    assert gaps([1, 2, 5, AFTER_THE_RUN + 3]) == (3, 4)
    assert "Rows are missing from this record: 3, 4" in as_markdown(head(gaps=(3, 4)), [row(1)])
    assert as_json(head(gaps=(3, 4)), [row(1)])["missing_rows"] == [3, 4]


def test_the_reviews_rows_stand_apart() -> None:
    run, review = apart([row(1), row(AFTER_THE_RUN + 1, "How did they get in?")])
    assert [one.seq for one in run] == [1]
    assert [(one.seq, one.words) for one in review] == [(1, "How did they get in?")]
    text = as_markdown(head(), run, review)
    assert text.index("## Timeline") < text.index("## Review") < text.index("How did they get in?")


def test_an_empty_record_says_so() -> None:
    assert "Nothing has been recorded." in as_markdown(head(), [])


def test_the_ledger_has_each_target_for_machines_and_how_many_for_people(tmp_path: Path) -> None:
    ledger = open_records(f"sqlite:///{tmp_path}/records.db", synchronous="OFF").ledger
    for number in range(3):
        told: dict[str, Any] = {
            "step": "0",
            "target": f"@user{number}",
            "ordinal": 1,
            "action": "lock",
            "connector": "memory",
        }
        act: dict[str, Any] = {"call": "lock", "undo": "unlock", "arguments": {}, "identity": f"@user{number}"}
        ledger.enter(Intention(incident="inc-1", **told, **act), AT)
    entries = ledger.of_incident("inc-1")
    said = as_json(head(), [row(1)], entries=entries)["ledger"]
    assert [(one["target"], one["state"], one["number"]) for one in said] == [
        (f"@user{number}", "entered", 1) for number in range(3)
    ]
    text = as_markdown(head(), [row(1)], entries=entries)
    assert "| 0 | lock | entered | 3 |" in text
    assert "@user0" not in text
