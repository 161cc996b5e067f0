"""What Apprise does where one would not expect it: what it says of a failure, what it logs, what it lets through."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO

import pytest
from starlette.responses import Response

from firedoor.connectors.apprise import AppriseChannel
from firedoor.connectors.channel import OutgoingMessage
from firedoor.connectors.errors import BadSettings, ConnectorError, Refused, TargetMissing, Unavailable
from firedoor.connectors.settings import Settings
from firedoor.people.recipients import Recipient
from tests.connectors.channel_kits import TOKEN, Form, person
from tests.connectors.http_platform import Served

ANA = "+15555550101"


@pytest.fixture
def form() -> Form:
    return Form()


@pytest.fixture
def url(form: Form) -> Iterator[str]:
    with Served(form.app()) as served:
        yield f"{served.url.replace('http', 'json')}/{TOKEN}"


def note(text: str = "Two accounts", address: str = ANA, **changes: object) -> OutgoingMessage:
    return OutgoingMessage("key", address, "SEV1", text, "en", **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, Refused),
        (401, BadSettings),
        (403, BadSettings),
        (404, TargetMissing),
        (409, Unavailable),
        (429, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
async def test_what_is_answered_says_whether_to_try_again(
    form: Form, url: str, status: int, expected: type[ConnectorError]
) -> None:
    form.answers.append(Response(f"no: {TOKEN}", status))
    with pytest.raises(expected, match=str(status)) as failed:
        await AppriseChannel(f"{url}/{{phone}}").send(note())
    assert TOKEN not in str(failed.value)
    assert not form.answers, "it was tried once: trying again is the run's"


async def test_its_own_retries_are_off_even_where_the_address_asks_for_them(form: Form, url: str) -> None:
    form.answers.extend(Response("", 503) for _ in range(3))
    with pytest.raises(Unavailable):
        await AppriseChannel(f"{url}/{{phone}}?retry=2&wait=0").send(note())
    assert len(form.answers) == 2


async def test_a_redirection_is_not_followed(form: Form, url: str) -> None:
    form.answers.append(Response("", 307, {"Location": f"/{TOKEN}/elsewhere"}))
    with pytest.raises(Refused, match="307"):
        await AppriseChannel(f"{url}/{{phone}}").send(note())
    assert not form.taken


async def test_nothing_of_it_reaches_the_log_of_a_worker(
    form: Form, url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """At the most talkative, what Apprise and what it uses write holds the address, and the token in it."""
    root, log = logging.getLogger(), StringIO()
    monkeypatch.setattr(root, "handlers", [logging.StreamHandler(log)])
    monkeypatch.setattr(root, "level", logging.DEBUG)
    form.answers.append(Response("", 500))
    with pytest.raises(Unavailable):
        await AppriseChannel(f"{url}/{{phone}}").send(note())
    with pytest.raises(BadSettings) as failed:
        await AppriseChannel(f"twilio://{TOKEN}").check()
    said = log.getvalue() + "".join(capfd.readouterr()) + str(failed.value)
    assert TOKEN not in said
    assert ANA not in said


async def test_a_text_calls_no_whole_room_and_becomes_no_markup(form: Form, url: str) -> None:
    attack = "@everyone and @Here, <!channel> <@U123> &amp; :fire: \\n <b>bold</b> {{ 7*7 }}"
    await AppriseChannel(f"{url}/{{phone}}").send(note(attack))
    ((_, body),) = form.taken
    text = body["message"]
    for ringing in ("@everyone", "@Here", "<!channel>", "<@U123>"):
        assert ringing not in text
        assert ringing[0] + "\u2060" + ringing[1:] in text
    assert text.replace("\u2060", "").startswith(attack)


async def test_a_place_that_all_share_gets_one_message_with_their_names(form: Form, url: str) -> None:
    channel = AppriseChannel(f"{url}/all", name="push")
    address = channel.address(person("ana"))
    assert address == "#push"
    await channel.send(note(address=address, to=("Ana", "Omar"), urgent=True))
    ((whom, body),) = form.taken
    assert whom == "all"
    assert body["message"].startswith("Ana, Omar: Two accounts")
    assert body["type"] == "warning"
    assert channel.address(Recipient(id="u", kind="users", name="Users", languages=("en",))) is None


def test_who_has_no_phone_is_not_reached_by_one() -> None:
    assert AppriseChannel("twilio://a:b@c/{phone}").address(person("ana", email="ana@platform.example")) is None
    assert AppriseChannel("mailto://x/{email}").address(person("ana", email="ana@platform.example")) is not None


@pytest.mark.parametrize("address", ["../x?method=GET", "ana", "+1555#", "@ana:x", ""])
async def test_what_is_no_number_leads_nowhere(form: Form, url: str, address: str) -> None:
    with pytest.raises(TargetMissing):
        await AppriseChannel(f"{url}/{{phone}}").send(note(address=address))
    assert not form.taken


def test_settings_are_checked_all_at_once() -> None:
    with pytest.raises(BadSettings) as caught:
        AppriseChannel.from_settings(Settings("sms", {"url": "json://x", "timeout": 0, "color": "red"}, {}))
    for problem in ("url is a secret", "timeout is not between", "no setting called color"):
        assert problem in str(caught.value)
    with pytest.raises(BadSettings, match="in Apprise's form"):
        AppriseChannel.from_settings(Settings("sms", {"url_from": "SMS"}, {"SMS": "example.org"}))
    with pytest.raises(BadSettings, match="one of them"):
        AppriseChannel.from_settings(Settings("sms", {"url_from": "SMS"}, {"SMS": "json://x/{phone}/{email}"}))
    assert AppriseChannel.from_settings(Settings("sms", {"url_from": "SMS"}, {"SMS": "json://x/{phone}"})).name == "sms"


def test_a_worker_that_does_not_send_by_it_does_not_load_it() -> None:
    code = "import sys; import firedoor.connectors.channels; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
