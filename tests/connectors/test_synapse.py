"""What the real homeserver does where one would not expect it, and what its users see."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from firedoor.connectors.contract import Found
from firedoor.connectors.contract import Order as Act
from firedoor.connectors.errors import BadSettings, Refused, TargetMissing, Unavailable, UnknownCall
from firedoor.connectors.settings import Settings
from firedoor.connectors.synapse import SynapsePlatform
from firedoor.embedded.homeserver import Homeserver, MatrixRefused
from firedoor.embedded.process import free_port
from firedoor.records.all import open_records
from tests.connectors.desk import Desk
from tests.connectors.http_platform import Served
from tests.connectors.kits import heard, join, new_room, readable, say, upload
from tests.connectors.synapse_gate import SynapseGate

FREE = Found(held=False)


@pytest.fixture
async def platform(homeserver: Homeserver) -> AsyncIterator[SynapsePlatform]:
    made = SynapsePlatform(homeserver.url, homeserver.admin_token)
    yield made
    await made.close()


@pytest.fixture
async def user(homeserver: Homeserver) -> tuple[str, str]:
    """A new user's id and access token."""
    name = f"u{secrets.token_hex(4)}"
    return homeserver.user_id(name), await homeserver.register(name, "a long password")


@pytest.fixture
async def witness(homeserver: Homeserver) -> str:
    """The access token of another new user."""
    return await homeserver.register(f"w{secrets.token_hex(4)}", "a long password")


def redact(target: str) -> Act:
    return Act("thing", 1, "redact_user", None, target)


def lock(target: str, number: int = 1) -> Act:
    return Act("thing", number, "lock_user", "unlock_user", target)


def quarantine(target: str) -> Act:
    return Act("thing", 1, "quarantine_media", "unquarantine_media", target)


async def test_a_locked_user_is_out_and_the_same_token_works_again(
    homeserver: Homeserver, platform: SynapsePlatform, user: tuple[str, str]
) -> None:
    account, token = user
    await platform.apply(lock(account))
    with pytest.raises(MatrixRefused, match="401 M_USER_LOCKED"):
        await homeserver.ask("GET", "/_matrix/client/v3/account/whoami", token=token)
    await platform.restore(lock(account, 2), FREE)
    said = await homeserver.ask("GET", "/_matrix/client/v3/account/whoami", token=token)
    assert said["user_id"] == account


async def test_locking_an_account_that_is_not_there_does_not_make_it(
    homeserver: Homeserver, platform: SynapsePlatform
) -> None:
    nobody = homeserver.user_id(f"nobody{secrets.token_hex(4)}")
    for held in (True, False):
        with pytest.raises(TargetMissing):
            await (platform.apply(lock(nobody)) if held else platform.restore(lock(nobody), FREE))
    with pytest.raises(MatrixRefused, match="404"):
        await homeserver.ask("GET", f"/_synapse/admin/v2/users/{quote(nobody)}", token=homeserver.admin_token)


async def test_the_account_that_firedoor_works_with_is_not_locked(
    homeserver: Homeserver, platform: SynapsePlatform
) -> None:
    own = (await homeserver.ask("GET", "/_matrix/client/v3/account/whoami", token=homeserver.admin_token))["user_id"]
    for call in ("lock_user", "suspend_user", "shadow_ban_user", "throttle_user", "end_sessions", "redact_user"):
        with pytest.raises(Refused, match="works with"):
            await platform.apply(Act("thing", 1, call, "undo", own))
    await platform.check()


async def test_copies_of_a_file_are_one_thing(
    homeserver: Homeserver, platform: SynapsePlatform, user: tuple[str, str], tmp_path: Path
) -> None:
    """Quarantine goes by the file's hash, so what is held is the hash: one copy's release must not free the other."""
    records = open_records(f"sqlite:///{tmp_path}/records.db", synchronous="OFF")
    desk = Desk(records, platform, "quarantine_media", "unquarantine_media")
    content = secrets.token_bytes(32)
    first, second = [await upload(homeserver, user[1], content) for _ in range(2)]

    await desk.hold("one", first)
    await desk.hold("one", second)
    assert (await desk.let_go("one", first)).kept
    assert (await platform.look(quarantine(first))).held
    assert (await platform.look(quarantine(second))).held
    assert not (await desk.let_go("one", second)).kept
    assert not (await platform.look(quarantine(first))).held
    records.close()


async def test_a_protected_item_is_a_refusal_and_not_a_success(
    homeserver: Homeserver, platform: SynapsePlatform, user: tuple[str, str]
) -> None:
    item = await upload(homeserver, user[1], secrets.token_bytes(32))
    path = f"/_synapse/admin/v1/media/protect/{item.rpartition('/')[2]}"
    await homeserver.ask("POST", path, token=homeserver.admin_token, body={})
    with pytest.raises(Refused, match="protected"):
        await platform.apply(quarantine(item))


async def test_the_uploader_of_an_item(
    homeserver: Homeserver, platform: SynapsePlatform, user: tuple[str, str]
) -> None:
    item = await upload(homeserver, user[1], b"a picture")
    assert await platform.read("uploader_of", {"content": item}) == user[0]
    assert await platform.read("uploader_of", {"content": [item, item]}) == [user[0], user[0]]
    with pytest.raises(TargetMissing):
        await platform.read("uploader_of", {"content": f"{item}x"})


async def test_a_notice_reaches_the_user_once(
    homeserver: Homeserver, platform: SynapsePlatform, user: tuple[str, str]
) -> None:
    key = secrets.token_hex(8)
    first = await platform.send_notice(user[0], "Your account is safe.", key)
    assert await platform.send_notice(user[0], "Your account is safe.", key) == first
    assert await platform.send_notice(user[0], "Your account is safe.", key + "/2") != first
    (room,) = (await homeserver.ask("GET", "/_matrix/client/v3/sync", token=user[1]))["rooms"]["join"].values()
    said = [event["content"]["body"] for event in room["timeline"]["events"] if event["type"] == "m.room.message"]
    assert said == ["Your account is safe."] * 2


@pytest.mark.parametrize("target", ["mayor", "@mayor", "@:x", "@a/../b:x\n", "@" + "a" * 300 + ":x", "mxc://x/y", ""])
async def test_what_is_no_account_is_missing(platform: SynapsePlatform, target: str) -> None:
    with pytest.raises(TargetMissing):
        await platform.apply(lock(target))


@pytest.mark.parametrize("target", ["mxc://x", "mxc://x/../y", "https://x/y", "mxc://x/y?z", "@a:x"])
async def test_what_is_no_item_is_missing(platform: SynapsePlatform, target: str) -> None:
    with pytest.raises(TargetMissing):
        await platform.identify(quarantine(target))


async def test_a_shadow_banned_user_speaks_and_nobody_hears(
    homeserver: Homeserver, platform: SynapsePlatform, user: tuple[str, str], witness: str
) -> None:
    account, token = user
    room = await new_room(homeserver, witness)
    await join(homeserver, token, room)
    act = Act("thing", 1, "shadow_ban_user", "unshadow_ban_user", account)
    await platform.apply(act)
    await say(homeserver, token, room, "Buy now.")
    assert await heard(homeserver, witness, room) == []
    await platform.restore(act, FREE)
    await say(homeserver, token, room, "Sorry.")
    assert await heard(homeserver, witness, room) == ["Sorry."]


async def test_a_throttled_user_is_slowed_and_gets_back_the_limit_that_others_had_set(
    homeserver: Homeserver, platform: SynapsePlatform, user: tuple[str, str], witness: str, tmp_path: Path
) -> None:
    account, token = user
    room = await new_room(homeserver, witness)
    await join(homeserver, token, room)
    path = f"/_synapse/admin/v1/users/{quote(account)}/override_ratelimit"
    former = {"messages_per_second": 50, "burst_count": 100}
    await homeserver.ask("POST", path, token=homeserver.admin_token, body=former)
    records = open_records(f"sqlite:///{tmp_path}/records.db", synchronous="OFF")
    desk = Desk(records, platform, "throttle_user", "unthrottle_user")

    await desk.hold("one", account, messages_per_second="1", burst_count="2")
    with pytest.raises(MatrixRefused, match="429 M_LIMIT_EXCEEDED"):
        await asyncio.gather(*(say(homeserver, token, room, "Buy now.") for _ in range(20)))
    await desk.let_go("one", account)
    assert await homeserver.ask("GET", path, token=homeserver.admin_token) == former
    for _ in range(5):
        await say(homeserver, token, room, "At length.")
    records.close()


@pytest.mark.parametrize(
    "arguments", [{"messages_per_second": 0}, {"burst_count": "many"}, {"per_day": 3}, {"burst_count": -1}]
)
async def test_a_limit_that_would_take_every_limit_off_is_refused(
    platform: SynapsePlatform, user: tuple[str, str], arguments: dict[str, object]
) -> None:
    with pytest.raises(UnknownCall, match="throttle_user"):
        await platform.apply(Act("thing", 1, "throttle_user", "unthrottle_user", user[0], arguments))


async def test_sessions_end_and_the_owner_signs_in_again(
    homeserver: Homeserver, platform: SynapsePlatform, user: tuple[str, str]
) -> None:
    account, token = user
    name = account.removeprefix("@").partition(":")[0]
    second = await homeserver.sign_in(name, "a long password")
    after = await platform.apply(Act("thing", 1, "end_sessions", None, account))
    assert after == Found(held=True)
    for old in (token, second):
        with pytest.raises(MatrixRefused, match="401 M_UNKNOWN_TOKEN"):
            await homeserver.ask("GET", "/_matrix/client/v3/account/whoami", token=old)
    assert await homeserver.sign_in(name, "a long password")


async def test_nobody_joins_a_blocked_room_and_who_is_there_still_posts(
    homeserver: Homeserver, platform: SynapsePlatform, user: tuple[str, str], witness: str
) -> None:
    room = await new_room(homeserver, witness)
    act = Act("thing", 1, "block_room", "unblock_room", room)
    await platform.apply(act)
    with pytest.raises(MatrixRefused, match="403"):
        await join(homeserver, user[1], room)
    await say(homeserver, witness, room, "Still here.")
    await platform.restore(act, FREE)
    await join(homeserver, user[1], room)
    assert await heard(homeserver, user[1], room) == ["Still here."]


async def test_a_closed_room_is_empty_and_stays_so_and_what_was_said_is_kept(
    homeserver: Homeserver, platform: SynapsePlatform, user: tuple[str, str], witness: str
) -> None:
    room = await new_room(homeserver, witness)
    await join(homeserver, user[1], room)
    await say(homeserver, user[1], room, "Evidence.")
    assert await platform.apply(Act("thing", 1, "close_room", None, room)) == Found(held=True)
    for token in (user[1], witness):
        with pytest.raises(MatrixRefused, match="403"):
            await say(homeserver, token, room, "Anyone?")
        with pytest.raises(MatrixRefused, match="403"):
            await join(homeserver, token, room)
    path = f"/_synapse/admin/v1/rooms/{quote(room)}/messages?dir=b&limit=100"
    kept = (await homeserver.ask("GET", path, token=homeserver.admin_token))["chunk"]
    assert "Evidence." in [event["content"].get("body") for event in kept]


async def test_what_a_user_said_is_emptied_in_rooms_that_the_user_has_left_too(
    homeserver: Homeserver, platform: SynapsePlatform, user: tuple[str, str], witness: str
) -> None:
    account, token = user
    rooms = [await new_room(homeserver, witness) for _ in range(2)]
    for room in rooms:
        await join(homeserver, token, room)
        await say(homeserver, token, room, "Buy now.")
        await say(homeserver, witness, room, "No.")
    await homeserver.ask("POST", f"/_matrix/client/v3/rooms/{quote(rooms[0])}/leave", token=token, body={})
    assert await platform.look(redact(account)) == FREE
    assert await platform.apply(redact(account)) == Found(held=True)
    for room in rooms:
        assert await heard(homeserver, witness, room) == ["No."]
    assert await platform.look(redact(account)) == Found(held=True)


async def test_a_redaction_that_failed_is_no_success_though_the_server_says_so(
    homeserver: Homeserver, platform: SynapsePlatform, user: tuple[str, str], witness: str
) -> None:
    """In this room nobody but its owner may redact; the server's task is `complete` all the same."""
    account, token = user
    room = await new_room(homeserver, witness, power_level_content_override={"events": {"m.room.redaction": 100}})
    await join(homeserver, token, room)
    await say(homeserver, token, room, "Buy now.")
    with pytest.raises(Refused, match="2 of its events could not be redacted, and can still be read: 403"):
        await platform.apply(redact(account))
    path = f"/_synapse/admin/v1/scheduled_tasks?resource_id={quote(account)}"
    (task,) = (await homeserver.ask("GET", path, token=homeserver.admin_token))["scheduled_tasks"]
    assert task["status"] == "complete"
    assert await heard(homeserver, witness, room) == ["Buy now."]


async def test_a_task_that_a_dead_worker_began_is_watched_to_its_end_and_not_begun_again(
    homeserver: Homeserver, user: tuple[str, str], tmp_path: Path
) -> None:
    account, token = user
    room = await new_room(homeserver, token)
    for number in range(15):
        await say(homeserver, token, room, f"Buy {number}.")
    records = open_records(f"sqlite:///{tmp_path}/records.db", synchronous="OFF")
    gate = SynapseGate(homeserver.url)
    with Served(gate.app()) as served:
        first, second = (SynapsePlatform(served.url, homeserver.admin_token) for _ in range(2))
        gate.hold_answers = threading.Event()
        dying = asyncio.create_task(Desk(records, first, "redact_user", None).hold("one", account))
        async with asyncio.timeout(20):
            while not gate.acts:  # the server has begun, and the worker does not know it yet
                await asyncio.sleep(0.01)
        dying.cancel()
        gate.hold_answers.set()
        await Desk(records, second, "redact_user", None).hold("one", account)
        await asyncio.gather(first.close(), second.close(), dying, return_exceptions=True)
    assert [path for _, path in gate.acts] == [f"/_synapse/admin/v1/user/{quote(account)}/redact"]
    assert await readable(homeserver, account) == []
    records.close()


async def test_the_media_of_a_user_oldest_first(
    homeserver: Homeserver, platform: SynapsePlatform, user: tuple[str, str], witness: str
) -> None:
    items = [await upload(homeserver, user[1], secrets.token_bytes(8)) for _ in range(3)]
    other = await upload(homeserver, witness, b"another's")
    assert await platform.read("media_of", {"account": user[0]}) == items
    assert other in await platform.read(
        "media_of", {"account": [user[0], await platform.read("uploader_of", {"content": other})]}
    )
    with pytest.raises(TargetMissing):
        await platform.read("media_of", {"account": homeserver.user_id("nobody-at-all")})


async def test_reports_about_a_user_and_what_the_user_said(
    homeserver: Homeserver, platform: SynapsePlatform, user: tuple[str, str], witness: str
) -> None:
    account, token = user
    assert await platform.read("reports_of", {"account": account}) == 0
    room = await new_room(homeserver, token)
    await join(homeserver, witness, room)
    said = await say(homeserver, token, room, "Buy now.")
    client = "/_matrix/client/v3"
    reason = {"reason": "spam"}
    await homeserver.ask("POST", f"{client}/rooms/{quote(room)}/report/{quote(said)}", token=witness, body=reason)
    await homeserver.ask("POST", f"{client}/users/{quote(account)}/report", token=witness, body=reason)
    who = (await homeserver.ask("GET", f"{client}/account/whoami", token=witness))["user_id"]
    assert await platform.read("reports_of", {"account": account}) == 2
    assert await platform.read("reporters_of", {"account": account}) == [who]


@pytest.mark.parametrize("target", ["room", "!", "#room:x", "! a:x", ""])
async def test_what_is_no_room_is_missing(platform: SynapsePlatform, target: str) -> None:
    with pytest.raises(TargetMissing):
        await platform.look(Act("thing", 1, "close_room", None, target))


async def test_calls_and_undos_must_be_its_own(platform: SynapsePlatform, user: tuple[str, str]) -> None:
    with pytest.raises(UnknownCall, match="lock_user, suspend_user"):
        platform.call("delete_everything")
    with pytest.raises(UnknownCall, match="does not undo"):
        await platform.restore(Act("thing", 1, "lock_user", "unsuspend_user", user[0]), FREE)
    with pytest.raises(UnknownCall, match="no arguments"):
        await platform.apply(Act("thing", 1, "lock_user", "unlock_user", user[0], {"days": 3}))
    with pytest.raises(UnknownCall):
        await platform.read("lock_user", {})


async def test_credentials_that_do_not_work_are_told_and_kept_secret(
    homeserver: Homeserver, user: tuple[str, str]
) -> None:
    for token, expected in ((user[1], "not a server admin"), ("nonsense-token", "401")):
        platform = SynapsePlatform(homeserver.url, token)
        with pytest.raises(BadSettings, match=expected) as caught:
            await platform.check()
        assert token not in str(caught.value)
        await platform.close()


async def test_a_homeserver_that_is_not_there_is_tried_again(homeserver: Homeserver) -> None:
    platform = SynapsePlatform(f"http://127.0.0.1:{free_port()}", "token")
    with pytest.raises(Unavailable) as caught:
        await platform.look(lock("@a:x"))
    assert caught.value.untouched
    await platform.close()


def test_settings_are_checked_all_at_once() -> None:
    with pytest.raises(BadSettings) as caught:
        SynapsePlatform.from_settings(
            Settings("synapse", {"base_url": "http://elsewhere.example", "access_token": "here", "color": "red"}, {})
        )
    for problem in ("https://", "is a secret", "no setting called color"):
        assert problem in str(caught.value)
    good = {"base_url": "https://matrix.example", "access_token_from": "TOKEN", "timeout": 3}
    assert SynapsePlatform.from_settings(Settings("eu", good, {"TOKEN": "t"})).name == "eu"
