"""Mail: what a server's answers mean, headers that stay single, and a password that stays secret."""

from __future__ import annotations

from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firedoor.connectors.channel import OutgoingMessage
from firedoor.connectors.errors import BadSettings, ConnectorError, Refused, TargetMissing, Unavailable
from firedoor.connectors.settings import Settings
from firedoor.connectors.smtp import SmtpChannel
from tests.connectors.channel_kits import SENDER, TOKEN
from tests.connectors.mail_refuser import MailRefuser
from tests.fixtures.smtp import arrival

HEADERS = [
    "Message-ID",
    "Date",
    "From",
    "To",
    "Subject",
    "Auto-Submitted",
    "Content-Language",
    "Importance",
    "X-Priority",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
]
MAIL = OutgoingMessage(key="k1", address="ana@platform.example", subject="SEV1", text="secret words", locale="en")


def channel(port: int, credentials: str = "") -> SmtpChannel:
    return SmtpChannel(f"smtp://{credentials}127.0.0.1:{port}", SENDER, timeout=3)


def parsed(raw: bytes) -> EmailMessage:
    return BytesParser(_class=EmailMessage, policy=default).parsebytes(raw)


@pytest.mark.parametrize(
    ("answers", "error", "says"),
    [
        ({"rcpt": "450 4.2.1 greylisted"}, Unavailable, "450"),
        ({"rcpt": "550 5.1.1 no such mailbox"}, Refused, "550"),
        ({"data": "451 4.3.0 try later"}, Unavailable, "451"),
        ({"data": "554 5.7.1 looks like spam: secret words"}, Refused, "554"),
        ({"data": ""}, Unavailable, "did not say"),
    ],
)
async def test_what_the_server_says(answers: dict[str, Any], error: type[ConnectorError], says: str) -> None:
    async with MailRefuser(**answers) as server:
        with pytest.raises(error, match=says) as failed:
            await channel(server.port).send(MAIL)
    assert "secret words" not in str(failed.value)
    if isinstance(failed.value, Unavailable):
        assert not failed.value.untouched


async def test_a_copy_after_a_lost_answer_has_the_same_message_id() -> None:
    async with MailRefuser(data="") as server:
        with pytest.raises(Unavailable):
            await channel(server.port).send(MAIL)
        server.data = "250 OK"
        await channel(server.port).send(MAIL)
        first, second = (parsed(mail) for mail in server.mails)
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Message-ID"].endswith("@platform.example>")


async def test_a_password_that_is_not_accepted_is_for_a_person_to_mend() -> None:
    async with MailRefuser(accepts_login=False) as server:
        with pytest.raises(BadSettings) as failed:
            await channel(server.port, f"ana:{TOKEN}@").send(MAIL)
        with pytest.raises(BadSettings):
            await channel(server.port, f"ana:{TOKEN}@").check()
    assert TOKEN not in str(failed.value)


@pytest.mark.parametrize(
    "value",
    [
        "SEV1\r\nBcc: all@platform.example",
        "SEV1\nBcc: all@platform.example",
        "SEV1\rBcc: all@platform.example",
        "SEV1\r\n\r\n<script>",
        "SEV1\x0b\x0c\x1c\x85\u2028Bcc: all@platform.example",
        "SEV1" + " x" * 2000 + "\r\nBcc: all@platform.example",
        "=?utf-8?q?SEV1=0D=0ABcc:_all@platform.example?=",
        "=?utf-8?b?U0VWMQ0KQmNjOiBhbGxAcGxhdGZvcm0uZXhhbXBsZQ==?=",
        "=?utf-8?q?SEV1?= =?utf-8?q?=0D=0ABcc:_all@platform.example?=",
        "=\r?utf-8?q?=0D=0ABcc:_all@platform.example?=",
        '"Ana" <all@platform.example>, ',
        "漢" * 300 + "\r\nBcc: all@platform.example",
        "x" * 3000,
    ],
)
async def test_headers_stay_single(value: str) -> None:
    async with MailRefuser() as server:
        sent = OutgoingMessage(
            key=value, address="ana@platform.example", subject=value, text=value, locale=value, urgent=True, to=(value,)
        )
        await channel(server.port).send(sent)
        mail = parsed(server.mails[0])
    assert_single(mail)


def assert_single(mail: EmailMessage) -> None:
    assert sorted(mail.keys()) == sorted(HEADERS)
    assert [address.addr_spec for address in mail["To"].addresses] == ["ana@platform.example"]


@settings(max_examples=300, deadline=None)
@given(value=st.text(alphabet=st.sampled_from('=?utf-8qb_0AD\r\n: <>@,;()"\\.Bcx漢é\u2028\x00\x0b'), max_size=90))
def test_headers_stay_single_whatever_is_said(value: str) -> None:
    sent = OutgoingMessage(
        key=value,
        address="ana@platform.example",
        subject=value,
        text=value,
        locale=value,
        urgent=True,
        to=(value, value),
    )
    assert_single(parsed(channel(25)._mail(sent).as_bytes()))


@pytest.mark.parametrize(
    "address",
    [
        "ana@platform.example\r\nRCPT TO:<all@platform.example>",
        "ana@platform.example, all@platform.example",
        "ana@platform.example>",
        "ana",
        "@platform.example",
        "",
        " ana@platform.example",
        '"ana all"@platform.example',
    ],
)
async def test_an_address_that_is_none_is_not_written_to(address: str) -> None:
    async with MailRefuser() as server:
        with pytest.raises(TargetMissing):
            await channel(server.port).send(OutgoingMessage("k", address, "s", "t", "en"))
        assert not server.mails


@pytest.mark.parametrize(
    ("settings_", "says"),
    [
        ({}, "url is missing"),
        ({"url": "mail.example", "sender": SENDER}, "begins with smtps"),
        ({"url": "smtps://mail.example/inbox", "sender": SENDER}, "do not belong"),
        ({"url": "smtps://mail.example", "sender": "Firedoor"}, "sender is no mail address"),
        ({"url_from": "NOT_SET", "sender": SENDER}, "NOT_SET"),
        ({"url": "smtps://mail.example", "sender": SENDER, "colour": "red"}, "no setting called colour"),
    ],
)
def test_settings_that_are_wrong(settings_: dict[str, str], says: str) -> None:
    with pytest.raises(BadSettings, match=says):
        SmtpChannel.from_settings(Settings("email", settings_, {}))


async def test_a_server_elsewhere_must_encrypt() -> None:
    async with MailRefuser() as server:
        here = SmtpChannel(f"smtp://127.0.0.1:{server.port}", SENDER, timeout=3)
        await here.send(MAIL)
        # The same server under a name that is not known to be this machine: it offers no STARTTLS.
        elsewhere = SmtpChannel(f"smtp://127.0.0.2:{server.port}", SENDER, timeout=3)
        with pytest.raises((BadSettings, Unavailable)):
            await elsewhere.send(MAIL)
        assert len(server.mails) == 1


def test_the_tests_server_lists_mail_in_the_order_in_which_it_came() -> None:
    came = ["1700000000.M998P7Q1.host", "1700000000.M12034P7Q2.host", "1700000000.M12034P7Q10.host"]
    assert sorted(set(came), key=arrival) == came
