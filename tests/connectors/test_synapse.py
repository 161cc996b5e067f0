"""What the real homeserver does where one would not expect it, and what its users see."""

from __future__ import annotations

import secrets
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
from tests.connectors.kits import upload

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
    for call in ("lock_user", "suspend_user"):
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
