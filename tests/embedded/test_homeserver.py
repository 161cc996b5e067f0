"""The homeserver is a real platform: what an administrator locks there is locked for its user."""

from pathlib import Path
from urllib.parse import quote

import pytest

from firedoor.embedded.homeserver import Homeserver, MatrixRefused, find_python
from firedoor.embedded.process import ProgramFailed


async def post(server: Homeserver, token: str, room: str, words: str, number: int) -> str:
    path = f"/_matrix/client/v3/rooms/{quote(room)}/send/m.room.message/{number}"
    answer = await server.ask("PUT", path, token=token, body={"msgtype": "m.text", "body": words})
    return str(answer["event_id"])


async def lock(server: Homeserver, user: str, locked: bool) -> None:
    path = f"/_synapse/admin/v2/users/{quote(server.user_id(user))}"
    await server.ask("PUT", path, token=server.admin_token, body={"locked": locked})


async def new_room(server: Homeserver, token: str) -> str:
    answer = await server.ask("POST", "/_matrix/client/v3/createRoom", token=token, body={"preset": "public_chat"})
    return str(answer["room_id"])


async def test_a_locked_user_cannot_post_until_unlocked_and_the_same_token_works_again(homeserver: Homeserver) -> None:
    token = await homeserver.register("locked-one", "a long password")
    room = await new_room(homeserver, token)
    assert await post(homeserver, token, room, "before", 1)

    await lock(homeserver, "locked-one", locked=True)
    with pytest.raises(MatrixRefused, match="401 M_USER_LOCKED"):
        await post(homeserver, token, room, "while locked", 2)
    with pytest.raises(MatrixRefused, match="M_USER_LOCKED"):
        await homeserver.sign_in("locked-one", "a long password")

    await lock(homeserver, "locked-one", locked=False)
    assert await post(homeserver, token, room, "after", 3)


async def test_an_administrator_sends_a_notice(homeserver: Homeserver) -> None:
    await homeserver.register("noticed", "a long password")
    body = {"user_id": homeserver.user_id("noticed"), "content": {"msgtype": "m.text", "body": "your account"}}
    path = "/_synapse/admin/v1/send_server_notice"
    assert "event_id" in await homeserver.ask("POST", path, token=homeserver.admin_token, body=body)


async def test_an_ordinary_user_cannot_use_the_admin_api(homeserver: Homeserver) -> None:
    token = await homeserver.register("ordinary", "a long password")
    with pytest.raises(MatrixRefused, match="403 M_FORBIDDEN"):
        await homeserver.ask("GET", "/_synapse/admin/v2/users", token=token)


async def test_a_user_that_is_there_is_signed_in(homeserver: Homeserver) -> None:
    first = await homeserver.register("twice", "a long password")
    assert await homeserver.register("twice", "a long password") != first
    with pytest.raises(MatrixRefused, match="403 M_FORBIDDEN"):
        await homeserver.register("twice", "another password")


async def test_a_kill_keeps_its_users_their_tokens_and_the_address(tmp_path: Path) -> None:
    async with Homeserver(tmp_path) as server:
        url = server.url
        token = await server.register("ana", "a long password")
        room = await new_room(server, token)
        server.kill()
        await server.start()
        assert server.url == url
        assert await post(server, token, room, "still here", 1)


async def test_without_its_environment_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREDOOR_SYNAPSE_PYTHON", str(tmp_path / "python"))
    with pytest.raises(ProgramFailed, match="make homeserver"):
        find_python()
