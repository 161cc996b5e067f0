"""Webhooks: any receiver that follows Standard Webhooks can verify them, and its answers are understood."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.responses import JSONResponse, RedirectResponse, Response

from firedoor.connectors.channel import OutgoingMessage
from firedoor.connectors.errors import BadSettings, ConnectorError, Refused, TargetMissing, Unavailable
from firedoor.connectors.settings import Settings
from firedoor.connectors.webhook import WebhookChannel
from tests.connectors.channel_kits import SECRET, TOKEN, Receiver
from tests.connectors.http_platform import Served

PAGE = OutgoingMessage(
    key="k1", address="ana", subject="SEV1", text="wake up", locale="en", urgent=True, drill=True, to=("Ana",)
)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response(status_code=503, headers={"retry-after": "7"}), Unavailable),
        (Response(status_code=429, headers={"retry-after": "7"}), Unavailable),
        (JSONResponse({"error": f"at /hooks/{TOKEN}"}, 410), TargetMissing),
        (Response(status_code=400), Refused),
        (Response(status_code=401), BadSettings),
        (RedirectResponse("http://169.254.169.254/"), Refused),
    ],
    ids=lambda value: getattr(value, "status_code", None),
)
async def test_what_the_receiver_says(answer: Response, error: type[ConnectorError]) -> None:
    receiver = Receiver()
    receiver.answers.append(answer)
    with Served(receiver.app()) as served:
        channel = WebhookChannel(f"{served.url}/hooks/{TOKEN}?key={TOKEN}", SECRET)
        with pytest.raises(error) as failed:
            await channel.send(PAGE)
        assert TOKEN not in str(failed.value)
        assert "wake up" not in str(failed.value)
        if isinstance(failed.value, Unavailable):
            assert failed.value.retry_after == timedelta(seconds=7)
        await channel.send(PAGE)
        await channel.close()
    first, second = receiver.requests
    assert first["webhook-id"] == second["webhook-id"]


async def test_what_is_sent() -> None:
    receiver = Receiver()
    with Served(receiver.app()) as served:
        channel = WebhookChannel(f"{served.url}/hooks/{TOKEN}", SECRET)
        known_as = await channel.send(PAGE)
        await channel.close()
    (body,) = receiver.taken.values()
    assert body["type"] == "firedoor.notice"
    assert body["data"] == {
        "key": known_as,
        "recipient": "ana",
        "to": ["Ana"],
        "subject": "SEV1",
        "text": "wake up",
        "language": "en",
        "urgent": True,
        "drill": True,
    }


async def test_another_secret_does_not_verify() -> None:
    receiver = Receiver()
    with Served(receiver.app()) as served:
        channel = WebhookChannel(f"{served.url}/hooks/x", "whsec_" + "QUJD" * 8)
        with pytest.raises(BadSettings):
            await channel.send(PAGE)
        await channel.close()
    assert not receiver.taken


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"url": "https://pager.example", "secret": SECRET}, "is a secret"),
        ({"url": "https://pager.example"}, "secret_from is missing"),
        ({"url": "http://pager.example", "secret_from": "S"}, "https"),
        ({"url": "ftp://pager.example", "secret_from": "S"}, "https"),
        ({"url": "https://ana:x@pager.example", "secret_from": "S"}, "a user"),
        ({"url": "https://pager.example", "secret_from": "EMPTY"}, "no base64"),
        ({"url": "https://pager.example", "secret_from": "BAD"}, "no base64"),
    ],
)
def test_settings_that_are_wrong(given: dict[str, str], says: str) -> None:
    with pytest.raises(BadSettings, match=says) as failed:
        WebhookChannel.from_settings(Settings("page", given, {"S": SECRET, "EMPTY": "whsec_", "BAD": "whsec_é"}))
    assert SECRET not in str(failed.value)
