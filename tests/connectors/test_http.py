"""Requests to a platform over HTTP: what they carry, where they go, and what each answer means."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from firedoor.connectors import signing
from firedoor.connectors.contract import Found
from firedoor.connectors.contract import Order as Act
from firedoor.connectors.errors import (
    BadSettings,
    ConnectorError,
    Overtaken,
    Refused,
    TargetMissing,
    Unavailable,
    UnknownCall,
)
from firedoor.connectors.http import HttpPlatform
from firedoor.connectors.settings import Settings
from firedoor.embedded.process import free_port
from tests.connectors.http_platform import SECRET, Fault, HttpService, Served

FREEZE = Act("thing-1", 7, "POST /v1/freezes", "POST /v1/freezes/lift", "mxc://a/1", {"class": "verified"})


@pytest.fixture
def service() -> HttpService:
    return HttpService()


@pytest.fixture
async def platform(service: HttpService) -> AsyncIterator[HttpPlatform]:
    with Served(service.app()) as served:
        made = HttpPlatform(served.url, SECRET, timeout=2)
        yield made
        await made.close()


async def test_an_act_carries_key_number_and_signature(service: HttpService, platform: HttpPlatform) -> None:
    await platform.apply(FREEZE)
    (request,) = service.requests
    assert request.headers["Idempotency-Key"] == "thing-1-7"
    assert request.headers["Firedoor-Thing"] == "thing-1"
    assert request.headers["Firedoor-Number"] == "7"
    body = await request.body()
    assert json.loads(body) == {"target": "mxc://a/1", "arguments": {"class": "verified"}}
    header = request.headers[signing.HEADER]
    good = (SECRET, header, "POST", "/v1/freezes", "thing-1-7", body)
    assert signing.check(*good)
    for changed in range(6):
        other = [*good]
        other[changed] = b"x" if changed == 5 else "x"
        assert not signing.check(*other)  # type: ignore[arg-type]
    assert not signing.check(*good, now=datetime.now(UTC).timestamp() + 301)


async def test_an_undo_says_what_was_there_before(service: HttpService, platform: HttpPlatform) -> None:
    await platform.restore(FREEZE, Found(held=False, detail={"class": "new"}))
    body = json.loads(await service.requests[0].body())
    assert body == {"target": "mxc://a/1", "arguments": {"class": "verified"}, "before": {"class": "new"}}


async def test_a_wrong_secret_is_a_matter_of_settings(service: HttpService) -> None:
    with Served(service.app()) as served:
        other = HttpPlatform(served.url, "another secret")
        with pytest.raises(BadSettings, match="401") as caught:
            await other.apply(FREEZE)
        assert "another secret" not in str(caught.value)
        await other.close()


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, Refused),
        (401, BadSettings),
        (403, Refused),
        (404, TargetMissing),
        (410, TargetMissing),
        (409, Unavailable),
        (412, Overtaken),
        (422, Refused),
        (429, Unavailable),
        (500, Unavailable),
        (501, Refused),
        (502, Unavailable),
        (503, Unavailable),
        (504, Unavailable),
    ],
)
async def test_what_each_status_means(
    service: HttpService, platform: HttpPlatform, status: int, expected: type[ConnectorError]
) -> None:
    service.faults.append(Fault(status))
    with pytest.raises(ConnectorError) as caught:
        await platform.apply(FREEZE)
    assert type(caught.value) is expected
    assert caught.value.retryable == (expected is Unavailable)
    assert "told to fail" in str(caught.value)
    assert service.acts == []


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7, 7),
        ("0", 0, 0),
        ("-3", 0, 0),
        ("999999999", 3600, 3600),
        ("a date", 30, 91),
    ],
)
async def test_a_platform_that_says_when_is_heeded(
    service: HttpService, platform: HttpPlatform, header: str, least: float, most: float
) -> None:
    said = format_datetime(datetime.now(UTC) + timedelta(seconds=90)) if header == "a date" else header
    service.faults.append(Fault(503, {"Retry-After": said}))
    with pytest.raises(Unavailable) as caught:
        await platform.apply(FREEZE)
    assert caught.value.retry_after is not None
    assert least <= caught.value.retry_after.total_seconds() <= most


@pytest.mark.parametrize("header", ["soon", "nan-ish", ""])
async def test_a_platform_that_says_nonsense_is_not(service: HttpService, platform: HttpPlatform, header: str) -> None:
    service.faults.append(Fault(503, {"Retry-After": header}))
    with pytest.raises(Unavailable) as caught:
        await platform.apply(FREEZE)
    assert caught.value.retry_after is None


async def test_no_answer_may_mean_that_it_acted_and_no_connection_does_not(service: HttpService) -> None:
    import threading

    service.hold_back = threading.Event()
    with Served(service.app()) as served:
        slow = HttpPlatform(served.url, SECRET, timeout=0.3)
        with pytest.raises(Unavailable) as caught:
            await slow.apply(FREEZE)
        assert not caught.value.untouched
        service.hold_back.set()
        await slow.close()
    gone = HttpPlatform(f"http://127.0.0.1:{free_port()}", SECRET)
    with pytest.raises(Unavailable) as caught:
        await gone.apply(FREEZE)
    assert caught.value.untouched
    await gone.close()


async def test_nothing_leads_a_request_elsewhere(platform: HttpPlatform) -> None:
    with pytest.raises(Refused, match="302"):
        await platform.read("GET /v1/elsewhere", {})
    for call in ("GET //evil.example/", "GET http://evil.example/", "get /v1", "GET /v1?x=1", "GET /a b", "CONNECT /"):
        with pytest.raises(UnknownCall):
            platform.call(call)


async def test_a_target_in_a_path_stays_one_segment(service: HttpService, platform: HttpPlatform) -> None:
    with pytest.raises(ConnectorError):
        await platform.apply(Act("t", 1, "POST /v1/accounts/{target}/freeze", None, "../../admin?x=1#y"))
    with pytest.raises(Refused, match="needs a target"):
        await platform.apply(Act("t", 1, "POST /v1/accounts/{target}/freeze", None, ".."))


async def test_reads(service: HttpService, platform: HttpPlatform) -> None:
    asked = {"content": ["mxc://a/0", "mxc://a/ü&b"], "n": 3, "deep": {"x": True}}
    assert await platform.read("GET /v1/matches", asked) == ["mxc://a/1", "mxc://a/2"]
    assert service.reads["matches"] == [
        ("content", "mxc://a/0"),
        ("content", "mxc://a/ü&b"),
        ("n", "3"),
        ("deep", '{"x":true}'),
    ]
    assert await platform.read("GET /v1/blocked", {}) == 17
    with pytest.raises(Refused, match="not JSON"):
        await platform.read("GET /v1/broken", {})
    with pytest.raises(Refused, match="more than"):
        await platform.read("GET /v1/huge", {})
    with pytest.raises(Refused, match="too long"):
        await platform.read("GET /v1/matches", {"content": ["x" * 1000] * 9})
    with pytest.raises(UnknownCall):
        await platform.read("DELETE /v1/matches", {})


def test_settings_are_checked_all_at_once() -> None:
    given = {"base_url": "http://elsewhere.example", "looks": {"POST /a": "look at it"}, "timeout": "soon", "x": 1}
    with pytest.raises(BadSettings) as caught:
        HttpPlatform.from_settings(Settings("http", given, {}))
    for problem in ("https://", "secret_from is missing", "look at it", "timeout is no number", "called x"):
        assert problem in str(caught.value)


@pytest.mark.parametrize(
    "url", ["ftp://x", "https://", "https://user@x", "https://x?y", "http://10.0.0.1", "http://127.0.0.1.evil.example"]
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(BadSettings):
        HttpPlatform.from_settings(Settings("http", {"base_url": url, "secret_from": "S"}, {"S": "s"}))


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(BadSettings, match="PLATFORM_SECRET, which is not set"):
        HttpPlatform.from_settings(
            Settings("http", {"base_url": "https://x.example", "secret_from": "PLATFORM_SECRET"}, {})
        )
