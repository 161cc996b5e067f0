"""A retry sends only what was not sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firedoor.records.all import open_records
from firedoor.records.deliveries import Deliveries

NOW = datetime(2026, 3, 4, 2, 45, tzinfo=UTC)
TO_ANA = ("one", "notice-1", "ana", "mail")


@pytest.fixture
def deliveries(tmp_path: Path) -> Deliveries:
    return open_records(f"sqlite:///{tmp_path}/records.db", synchronous="OFF").deliveries


def test_what_was_sent_is_not_claimed_again(deliveries: Deliveries) -> None:
    claimed = deliveries.begin(*TO_ANA, at=NOW, language="de")
    assert claimed is not None
    assert (claimed.state, claimed.tries, claimed.language) == ("sending", 1, "de")
    deliveries.sent(*TO_ANA, at=NOW, provider_id="id-7")
    assert deliveries.begin(*TO_ANA, at=NOW) is None
    (sent,) = deliveries.of("one", "notice-1")
    assert (sent.state, sent.provider_id, sent.error) == ("sent", "id-7", None)


def test_what_failed_or_died_is_claimed_again(deliveries: Deliveries) -> None:
    deliveries.begin(*TO_ANA, at=NOW)
    again = deliveries.begin(*TO_ANA, at=NOW)
    assert again is not None
    assert again.tries == 2
    deliveries.failed(*TO_ANA, at=NOW, error="no such mailbox")
    assert deliveries.of("one")[0].error == "no such mailbox"
    last = deliveries.begin(*TO_ANA, at=NOW)
    assert last is not None
    assert last.tries == 3


def test_a_late_failure_does_not_undo_a_sending(deliveries: Deliveries) -> None:
    deliveries.begin(*TO_ANA, at=NOW)
    deliveries.sent(*TO_ANA, at=NOW)
    deliveries.failed(*TO_ANA, at=NOW, error="late")
    assert deliveries.of("one")[0].state == "sent"


def test_channels_and_messages_are_apart(deliveries: Deliveries) -> None:
    deliveries.begin(*TO_ANA, at=NOW)
    deliveries.sent(*TO_ANA, at=NOW)
    assert deliveries.begin("one", "notice-1", "ana", "matrix", at=NOW) is not None
    assert deliveries.begin("one", "notice-2", "ana", "mail", at=NOW) is not None
    assert len(deliveries.of("one")) == 3
    assert len(deliveries.of("one", "notice-1")) == 2


def test_each_try_is_counted_however_many_claim_at_once(deliveries: Deliveries) -> None:
    with ThreadPoolExecutor(8) as threads:
        claims = list(threads.map(lambda _: deliveries.begin(*TO_ANA, at=NOW), range(24)))
    assert sorted(claim.tries for claim in claims if claim is not None) == list(range(1, 25))
