"""The front door, as commands call it. Whatever it says is no success ends the command with what is so and what next."""

from __future__ import annotations

import json
import os
import secrets
from typing import IO, Any, Final, TypeVar

import click
import httpx
from pydantic import BaseModel
from typing_extensions import override

from firedoor.cli.screen import Screen, seen
from firedoor.installation import TOKEN, URL, Installation
from firedoor.people.signin import Tokens, UnusableTokens
from firedoor.web.messages import ProblemReply

Model = TypeVar("Model", bound=BaseModel)

PATIENCE: Final = httpx.Timeout(40.0, connect=5.0)


class Told(click.ClickException):
    """A command did not do what it was to do. It says what is so, and how to go on."""

    exit_code = 1

    def __init__(self, problem: ProblemReply, *, as_json: bool = False) -> None:
        super().__init__(problem.says)
        self.problem = problem
        self.as_json = as_json

    @override
    def show(self, file: IO[Any] | None = None) -> None:
        if self.as_json:
            click.echo(json.dumps(self.problem.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False))
            return
        screen = Screen()
        screen.say(self.problem.says, "bold red")
        for one in self.problem.problems:
            screen.say(f"  {one}")
        for change in self.problem.changed:
            screen.say(f"  {change}")
        if self.problem.next:
            screen.say(self.problem.next)


class Broken(Told):
    """The front door failed at it: a bug of ours."""

    exit_code = 3


def ended(problem: ProblemReply, *, as_json: bool) -> Told:
    return (Broken if problem.error == "fault" else Told)(problem, as_json=as_json)


def told(says: str, next_: str, *, error: str = "refused", as_json: bool = False) -> Told:
    return Told(ProblemReply(error=error, says=says, next=next_), as_json=as_json)


class Front:
    """Calls as one person. Everything it raises is a Told."""

    def __init__(self, url: str, token: str, *, source: str = TOKEN, as_json: bool = False) -> None:
        """`source`: where the token is from, in words."""
        self._source = source
        self._as_json = as_json
        self._url = url
        self._client = httpx.Client(
            base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=PATIENCE, trust_env=False
        )

    def get(self, path: str, gives: type[Model], **query: Any) -> Model:
        return gives.model_validate_json(self._call("GET", path, query=query).content)

    def data(self, path: str, **query: Any) -> Any:
        return self._call("GET", path, query=query).json()

    def text(self, path: str, **query: Any) -> str:
        return self._call("GET", path, query=query).text

    def post(self, path: str, body: BaseModel, gives: type[Model]) -> Model:
        return gives.model_validate_json(self._call("POST", path, body=body).content)

    def word(self, path: str, body: BaseModel, gives: type[Model], again: str) -> Model:
        """Send something that counts once. Where its fate is not known, says how to send the very same again."""
        try:
            return self.post(path, body, gives)
        except Told as error:
            if error.problem.error in ("no-worker", "unreachable", "fault"):
                more = f"{error.problem.next}\nThe same again: {again}"
                raise ended(error.problem.model_copy(update={"next": more}), as_json=self._as_json) from error
            raise

    def _call(
        self, method: str, path: str, query: dict[str, Any] | None = None, body: BaseModel | None = None
    ) -> httpx.Response:
        sent = body.model_dump_json(exclude_defaults=True) if body else None
        given = {name: _written(value) for name, value in (query or {}).items() if value is not None}
        try:
            reply = self._client.request(
                method, path, params=given, content=sent, headers={"content-type": "application/json"}
            )
        except httpx.ConnectError as error:
            raise told(
                f"Nobody answers at {self._url}.",
                "Nothing was sent, and nothing is lost: runs go on where they were. Start Firedoor with `firedoor up`, or name "
                "its address with --url or FIREDOOR_URL.",
                error="down",
                as_json=self._as_json,
            ) from error
        except httpx.HTTPError as error:
            raise told(
                f"The front door at {self._url} broke off: {str(error) or type(error).__name__}.",
                "It may have been counted." if body else "Nothing was sent. Try again; see `firedoor up`.",
                error="unreachable",
                as_json=self._as_json,
            ) from error
        if reply.is_success:
            return reply
        problem = _problem(reply)
        if problem.error == "not-signed-in":
            next_ = "It was revoked, replaced, or is mistyped. Ask the operator for a new one: firedoor token make NAME"
            problem = problem.model_copy(update={"says": f"{self._source} is not known here.", "next": next_})
        raise ended(problem, as_json=self._as_json)


def _problem(reply: httpx.Response) -> ProblemReply:
    try:
        return ProblemReply.model_validate_json(reply.content)
    except ValueError:
        says = f"Something that is no front door answered with {reply.status_code}: {seen(reply.text[:200])}"
        return ProblemReply(error="unknown", says=says, next="Look at --url and FIREDOOR_URL.")


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def find(person: str | None, url: str | None, installation: Installation, *, as_json: bool = False) -> Front:
    """The front door that is up here, or is named; as whoever is named, or whose token the environment has."""
    at = url or os.environ.get(URL)
    if not at:
        up = installation.up()
        if up is None:
            raise told(
                f"Firedoor is not up here ({installation.folder}).",
                "Start it with `firedoor up`, or name its address with --url or FIREDOOR_URL.",
                error="down",
                as_json=as_json,
            )
        at = up.url
    source = f"The token of {person}" if person else TOKEN
    return Front(at, _token(person, installation, as_json=as_json), source=source, as_json=as_json)


def _token(person: str | None, installation: Installation, *, as_json: bool) -> str:
    if person:
        path = installation.token_of(person)
        known = sorted(one.name for one in path.parent.iterdir()) if path.parent.is_dir() else []
        if person not in known:
            raise told(
                f"There is no token for {seen(person)!r} here.",
                _without(installation, person, known),
                error="not-signed-in",
                as_json=as_json,
            )
        return path.read_text().strip()
    if token := os.environ.get(TOKEN):
        return token.strip()
    raise told(
        "It is not known who you are.",
        "Say it with --as NAME, or put your token into FIREDOOR_TOKEN.",
        error="not-signed-in",
        as_json=as_json,
    )


def _without(installation: Installation, person: str, known: list[str]) -> str:
    """How somebody goes on whose token does not lie here."""
    try:
        tokens = Tokens(installation.tokens)
    except UnusableTokens:
        return "The tokens of this installation cannot be read: see `firedoor token list`."
    if tokens.holds(person):
        return f"It was handed over: {person} puts it into {TOKEN}. If it is lost: firedoor token make {person}"
    if person in tokens.people():
        return f"It was revoked. A new one: firedoor token make {person}"
    return f"It is one of: {', '.join(known)}." if known else f"Put your own token into {TOKEN}."


def new_nonce() -> str:
    return secrets.token_hex(12)
