"""A Matrix homeserver (Synapse) beside us on loopback: a real platform, whose accounts are really locked.

Synapse is AGPL and stays a program beside ours: it runs in an environment of its own and is never imported. What speaks
to it here makes users for the demo and the tests; containing is the work of the connector.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import httpx

from firedoor.embedded.process import ProgramFailed, Progress, listens
from firedoor.embedded.service import Service
from firedoor.embedded.synapse_config import SERVER_NAME, Secrets, write_configuration

ADMIN: Final = "firedoor-admin"
BESIDE: Final = Path(__file__).resolve().parents[2] / ".venv-synapse" / "bin" / "python"


class MatrixRefused(RuntimeError):
    """The homeserver said no. `code` is Matrix's own, such as M_USER_LOCKED."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(f"{status} {code}: {words}")
        self.status = status
        self.code = code


class Homeserver(Service):
    """`async with Homeserver(folder) as server: token = await server.register("ana", "a password")`.

    Its users are `@NAME:firedoor.test` unless another `server_name` is given (which stays with the data), its limits on
    rates are out of the way, and it talks to no other server.
    """

    name = "the homeserver"
    file_name = "homeserver"
    clean_of = ("PYTHON", "SYNAPSE_", "VIRTUAL_ENV")
    patience = 90.0

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        progress: Progress | None = None,
        server_name: str = SERVER_NAME,
    ) -> None:
        super().__init__(data_dir, port=port, progress=progress)
        self.server_name = server_name
        self._admin_token: str | None = None

    @property
    def url(self) -> str:
        """Where clients and the admin API are, without a slash at the end. Known once it has been started."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def admin_token(self) -> str:
        """An access token of a server administrator."""
        if self._admin_token is None:
            raise RuntimeError("the homeserver has not been started")
        return self._admin_token

    def user_id(self, name: str) -> str:
        """`ana` -> `@ana:firedoor.test`."""
        return f"@{name}:{self.server_name}"

    async def start(self, *, within: float | None = None) -> None:
        await super().start(within=within)
        password = Secrets.kept_in(self.data_dir).admin_password
        self._admin_token = await self.register(ADMIN, password, admin=True)

    async def _command(self, port: int) -> Sequence[str | Path]:
        configuration = write_configuration(self.data_dir, port, self.server_name, Secrets.kept_in(self.data_dir))
        return [find_python(), "-m", "synapse.app.homeserver", "-c", configuration]

    async def _ready(self, port: int) -> bool:
        if not await listens(port):
            return False
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            try:
                answer = await client.get(f"http://127.0.0.1:{port}/_matrix/client/versions")
            except httpx.TransportError:
                return False
        return answer.is_success

    async def register(self, user: str, password: str, *, admin: bool = False) -> str:
        """Makes that user, or signs in the one that is there, and returns an access token.

        `user` is the name without server, such as `ana`. Raises MatrixRefused.
        """
        path = "/_synapse/admin/v1/register"
        nonce = (await self.ask("GET", path))["nonce"]
        kind = "admin" if admin else "notadmin"
        key = Secrets.kept_in(self.data_dir).registration.encode()
        proof = hmac.new(key, f"{nonce}\0{user}\0{password}\0{kind}".encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": user, "password": password, "admin": admin, "mac": proof}
        try:
            made = await self.ask("POST", path, body=body)
        except MatrixRefused as refusal:
            if refusal.code != "M_USER_IN_USE":
                raise
            return await self.sign_in(user, password)
        return str(made["access_token"])

    async def sign_in(self, user: str, password: str) -> str:
        """Returns a new access token. Raises MatrixRefused, as M_USER_LOCKED does while the account is locked."""
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": user},
            "password": password,
        }
        return str((await self.ask("POST", "/_matrix/client/v3/login", body=body))["access_token"])

    async def ask(
        self, method: str, path: str, *, token: str | None = None, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """One request as the bearer of `token`, its JSON answer. Raises MatrixRefused for anything but success."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=self.url, timeout=30, trust_env=False) as client:
            answer = await client.request(method, path, headers=headers, json=body)
        said: dict[str, Any] = answer.json()
        if answer.is_error:
            raise MatrixRefused(answer.status_code, said.get("errcode", "M_UNKNOWN"), said.get("error", ""))
        return said


def find_python() -> Path:
    """The Python that Synapse is installed for: FIREDOOR_SYNAPSE_PYTHON, else the environment that make sets up.

    Raises ProgramFailed when there is none.
    """
    named = os.environ.get("FIREDOOR_SYNAPSE_PYTHON")
    python = Path(named) if named else BESIDE
    if not os.access(python, os.X_OK):
        raise ProgramFailed(
            f"there is no homeserver to start: {python} cannot be run. Set it up with `make homeserver`, or name the "
            "Python of an environment that has matrix-synapse in FIREDOOR_SYNAPSE_PYTHON."
        )
    return python
