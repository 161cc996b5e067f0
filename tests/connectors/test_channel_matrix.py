"""Matrix: who is rung and who is not, rooms that are kept, and notices of the server to its users."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from firedoor.connectors.channel import OutgoingMessage
from firedoor.connectors.errors import BadSettings, ConnectorError, Refused, TargetMissing
from firedoor.connectors.matrix import MatrixChannel
from firedoor.connectors.server_notice import EVERYONE, ServerNoticeChannel
from firedoor.connectors.settings import Settings
from firedoor.embedded.homeserver import Homeserver
from firedoor.people.recipients import Recipient
from tests.connectors.channel_kits import TOKEN, MatrixKit, ServerNoticeKit


def message(address: str, text: str = "Hello", **changes: Any) -> OutgoingMessage:
    return OutgoingMessage(
        **{"key": secrets.token_hex(8), "address": address, "subject": "SEV1", "text": text, "locale": "en", **changes}
    )


async def test_only_those_whom_it_is_for_are_rung(homeserver: Homeserver) -> None:
    kit = await MatrixKit.new(homeserver, shared=True)
    reader = await kit.recipient()
    address = kit.channel.address(reader)
    assert address is not None
    text = "the account's name is @room and @ROOM and @everyone:firedoor.test"
    await kit.channel.send(message(address, text, mentions=("@ana:x", "@ana:x"), to=("Ana", "@room")))
    (arrived,) = await kit.arrived(reader)
    assert arrived.raw["content"]["m.mentions"] == {"user_ids": ["@ana:x"]}
    assert arrived.raw["content"]["msgtype"] == "m.text"
    assert "formatted_body" not in arrived.raw["content"]
    assert "@room" not in arrived.text.lower()
    assert arrived.text.replace("\u2060", "") == f"Ana, @room: {text}"
    await kit.close()


async def test_a_direct_room_is_found_again_by_another_process(homeserver: Homeserver) -> None:
    token = await homeserver.register(f"bot-{secrets.token_hex(4)}", "a long password")
    kit = MatrixKit(homeserver, token, None)
    reader = await kit.recipient()
    assert reader.matrix is not None
    rooms = set()
    for _ in range(2):
        channel = MatrixChannel(homeserver.url, token)
        await channel.send(message(reader.matrix))
        await channel.close()
        rooms |= {arrived.raw["room_id"] for arrived in await kit.arrived(reader)}
    assert len(await kit.arrived(reader)) == 2
    assert len(rooms) == 1
    await kit.close()


async def test_a_key_is_remembered_over_the_restart_of_a_worker(homeserver: Homeserver) -> None:
    token = await homeserver.register(f"bot-{secrets.token_hex(4)}", "a long password")
    kit = MatrixKit(homeserver, token, None)
    reader = await kit.recipient()
    assert reader.matrix is not None
    one = message(reader.matrix)
    for _ in range(2):
        channel = MatrixChannel(homeserver.url, token)
        await channel.send(one)
        await channel.close()
    assert len(await kit.arrived(reader)) == 1
    await kit.close()


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("#no-such-room:firedoor.test", TargetMissing),
        ("#crisis:elsewhere.example", ConnectorError),
        ("nobody", TargetMissing),
        ("@a:b/../../x", ConnectorError),
        ("#a/../b:firedoor.test", ConnectorError),
    ],
)
async def test_rooms_that_are_not_there(homeserver: Homeserver, address: str, error: type[ConnectorError]) -> None:
    token = await homeserver.register("bot-of-nowhere", "a long password")
    channel = MatrixChannel(homeserver.url, token)
    with pytest.raises(error):
        await channel.send(message(address))
    await channel.close()


async def test_a_token_that_is_not_accepted_is_for_a_person_to_mend(homeserver: Homeserver) -> None:
    for channel in (MatrixChannel(homeserver.url, TOKEN), ServerNoticeChannel(homeserver.url, TOKEN)):
        with pytest.raises(BadSettings) as failed:
            await channel.send(message("@a:firedoor.test"))
        with pytest.raises(BadSettings):
            await channel.check()
        assert TOKEN not in str(failed.value)
        await channel.close()


async def test_notices_need_an_administrator_and_an_account(homeserver: Homeserver) -> None:
    token = await homeserver.register("no-administrator", "a long password")
    channel = ServerNoticeChannel(homeserver.url, token)
    with pytest.raises(BadSettings):
        await channel.send(message("@no-administrator:firedoor.test"))
    await channel.close()
    channel = ServerNoticeChannel(homeserver.url, homeserver.admin_token)
    for nobody in ("@nobody-at-all:firedoor.test", "#room:firedoor.test", "nobody"):
        with pytest.raises(ConnectorError) as failed:
            await channel.send(message(nobody))
        assert not failed.value.retryable
    await channel.close()


async def test_a_notice_to_the_users_reaches_each_once(homeserver: Homeserver) -> None:
    kit = ServerNoticeKit(homeserver)
    one, other = await kit.recipient(), await kit.recipient()
    users = Recipient(id="users", kind="users", name="users", languages=("en",))
    assert kit.channel.address(users) == EVERYONE
    notice = message(EVERYONE, "to all")
    first = await kit.channel.send(notice)
    assert await kit.channel.send(notice) == first
    for reader in (one, other):
        assert [arrived.text for arrived in await kit.arrived(reader)] == ["to all"]
    await kit.close()


async def test_a_notice_to_more_users_than_allowed_reaches_none(homeserver: Homeserver) -> None:
    kit = ServerNoticeKit(homeserver)
    reader = await kit.recipient()
    few = ServerNoticeChannel(homeserver.url, homeserver.admin_token, most=1)
    with pytest.raises(Refused, match="1 at most"):
        await few.send(message(EVERYONE))
    assert not await kit.arrived(reader)
    await few.close()
    await kit.close()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"base_url": "http://matrix.example", "access_token_from": "T"}, "https"),
        ({"base_url": "https://matrix.example", "access_token": TOKEN}, "is a secret"),
        ({"base_url": "https://matrix.example", "access_token_from": "T", "room": "crisis"}, "neither an alias"),
    ],
)
def test_settings_that_are_wrong(given: dict[str, str], says: str) -> None:
    with pytest.raises(BadSettings, match=says):
        MatrixChannel.from_settings(Settings("chat", given, {"T": TOKEN}))


def test_the_call_of_a_notice_has_one_name() -> None:
    given = {"call": "send_mail", "base_url": "https://x.example", "access_token_from": "T"}
    with pytest.raises(BadSettings, match="send_mail"):
        ServerNoticeChannel.from_settings(Settings("platform", given, {"T": TOKEN}))
