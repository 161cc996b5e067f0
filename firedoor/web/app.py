"""The front door over HTTP: who speaks, what was sent, whom to ask, and how the answer is written. No more than that."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from importlib.metadata import version as installed
from typing import Any

from pydantic import BaseModel
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from firedoor.incidents import Trouble
from firedoor.people.signatures import KeyRing
from firedoor.plan.inputs import Problem
from firedoor.plan.lists import MOST_LIST_BYTES, ListRef
from firedoor.protocol import Receipt, ReviewView, View
from firedoor.records.debrief import Debrief
from firedoor.web import (
    access,
    debriefing,
    exporting,
    inbox,
    launching,
    listing,
    lists,
    messages,
    openapi,
    playbooks,
    problems,
    reading,
    showing,
    words,
)
from firedoor.web.door import Door
from firedoor.web.openapi import Asked, Endpoint, Query
from firedoor.web.problems import NotFound, Wrong

log = logging.getLogger(__name__)

VERSION = installed("firedoor")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "testserver")


def create_app(door: Door, ring: KeyRing, *, hosts: tuple[str, ...] = LOOPBACK) -> Starlette:
    """`ring` holds the public keys that exports carry, and that are believed. `hosts` are the names that it may be called
    by."""
    door = replace(door, ring=ring)
    endpoints = table(door, ring)
    described = openapi.document(endpoints, VERSION)

    async def openapi_document(_: Request) -> Response:
        return JSONResponse(described)

    routes = [Route("/api/openapi.json", openapi_document)]
    routes += [Route(one.path, _route(door, one), methods=[one.method]) for one in endpoints]
    return Starlette(
        routes=routes,
        # Another site's name that resolves to this machine must not open the door.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)],
        exception_handlers={HTTPException: _http, Exception: _fault},
    )


def table(door: Door, ring: KeyRing) -> list[Endpoint]:
    """Every endpoint."""
    at = "/api/incidents/{incident}"
    since = Query("since", "integer", "Only the rows of the timeline after this one.")

    async def all_playbooks(_: Asked) -> messages.Playbooks:
        broken = sorted({finding.file for finding in door.book.findings if finding.severity == "error"})
        lines = tuple(playbooks.line(plan) for plan in door.book.plans.values())
        return messages.Playbooks(organization=door.organization.name, playbooks=lines, broken=tuple(broken))

    async def one_playbook(asked: Asked) -> messages.Playbook:
        return playbooks.describe(launching.plan_of(door, asked.path["name"]))

    async def keep_list(asked: Asked) -> ListRef:
        plan = launching.plan_of(door, asked.body.playbook)
        return await asyncio.to_thread(lists.keep, door, plan, asked.body)

    async def document(asked: Asked) -> messages.Shown:
        review = asked.query.get("review") == "true"
        await access.check(door, asked.person, asked.path["incident"])
        return await words.document(door, asked.path["incident"], asked.path["ask"], review=review)

    async def export(asked: Asked) -> Any:
        form = asked.query.get("format", "json")
        if form not in ("json", "md"):
            raise Wrong([Problem(name="format", says=f"{form[:40]!r} is not known", give="write json or md")])
        await access.check(door, asked.person, asked.path["incident"])
        record = await exporting.export(door, asked.path["incident"], ring)
        return record.data | {"complete": record.complete} if form == "json" else record.markdown

    async def look_back(asked: Asked) -> Debrief:
        await access.check(door, asked.person, asked.path["incident"])
        return await debriefing.look_back(door, asked.path["incident"])

    async def show(asked: Asked) -> View:
        view = await showing.show(door, asked.path["incident"], _number(asked, "since"))
        if await access.takes_part(door, asked.person, view.incident, view):
            return view
        return await access.header(door, view)

    async def review(asked: Asked) -> ReviewView:
        await access.check(door, asked.person, asked.path["incident"])
        return await showing.review(door, asked.path["incident"])

    async def me(asked: Asked) -> messages.Me:
        return door.me(asked.person)

    return [
        Endpoint("GET", "/api/health", "Whether all parts answer.", lambda _: listing.health(door, VERSION), messages.Health, open=True),
        Endpoint("GET", "/api/me", "Who is signed in, and what they are now.", me, messages.Me),
        Endpoint("GET", "/api/playbooks", "What can be launched.", all_playbooks, messages.Playbooks),
        Endpoint("GET", "/api/playbooks/{name}", "One playbook: its form, who signs, what it contains.", one_playbook, messages.Playbook),
        Endpoint("POST", "/api/lists", "Write a long list of targets down, to give it by reference.", keep_list, ListRef, takes=messages.ListRequest, status=201, most=MOST_LIST_BYTES),
        Endpoint("POST", "/api/previews", "What a launch would do; nothing is done.", lambda asked: launching.preview(door, asked.person, asked.body), messages.Preview, takes=messages.PreviewRequest),
        Endpoint("POST", "/api/launches", "Launch. The same nonce again is the same incident.", lambda asked: launching.launch(door, asked.person, asked.body), messages.Launched, takes=messages.LaunchRequest, status=201),
        Endpoint("GET", "/api/incidents", "Those that have not ended, newest first.", lambda asked: listing.incidents(door, everything=asked.query.get("all") == "true"), messages.Incidents, query=(Query("all", "boolean", "Also those that have ended."),)),
        Endpoint("GET", at, "One incident as it stands now; for whoever takes no part in it, with its content withheld.", show, View, query=(since,)),
        Endpoint("GET", at + "/review", "Its review.", review, ReviewView),
        Endpoint("GET", at + "/documents/{ask}", "What is shown and signed for one ask.", document, messages.Shown, query=(Query("review", "boolean", "The ask is a task of the review."),)),
        Endpoint("POST", at + "/answers", "Answer an ask.", lambda asked: words.answer(door, asked.person, asked.path["incident"], asked.body), Receipt, takes=messages.AnswerRequest),
        Endpoint("POST", at + "/commands", "Command: note, add, severity, pause, stop and the others.", lambda asked: words.command(door, asked.person, asked.path["incident"], asked.body), Receipt, takes=messages.CommandRequest),
        Endpoint("GET", at + "/export", "The record, as JSON or Markdown.", export, None, query=(Query("format", "string", "json or md", ("json", "md")),)),
        Endpoint("GET", at + "/debrief", "Who answered when, and what became of each clock.", look_back, Debrief),
        Endpoint("GET", "/api/inbox", "What waits for the signed-in person.", lambda asked: inbox.inbox(door, asked.person), messages.Inbox),
    ]  # fmt: skip


def _route(door: Door, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        try:
            person = "" if endpoint.open else door.who(_credential(request))
            _check_id(request.path_params.get("incident"))
            sent = await reading.body(request, endpoint.most)
            body = reading.read(sent, endpoint.takes) if endpoint.takes else None
            query = _query(request, endpoint)
            found = await endpoint.handle(Asked(person, dict(request.path_params), query, body))
        except Trouble as trouble:
            return _problem(trouble)
        except OperationalError as error:
            log.warning("the records failed at %s %s: %s", endpoint.method, endpoint.path, error.orig)
            return _problem(problems.RecordsAway(spoken=endpoint.method == "POST"))
        if isinstance(found, BaseModel):
            return Response(found.model_dump_json(), endpoint.status, media_type="application/json", headers=_PRIVATE)
        if isinstance(found, str):
            return PlainTextResponse(found, endpoint.status, media_type="text/markdown", headers=_PRIVATE)
        return JSONResponse(found, endpoint.status, headers=_PRIVATE)

    return respond


_INCIDENT = re.compile(r"(?!.*-review$)[A-Za-z0-9._-]{1,100}")
_PRIVATE = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def _credential(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _check_id(incident: str | None) -> None:
    if incident is not None and not _INCIDENT.fullmatch(incident):
        raise NotFound(f"{incident[:80]!r} is no incident's id.", "See `firedoor list --all` for those there are.")


def _query(request: Request, endpoint: Endpoint) -> dict[str, str]:
    known = [query.name for query in endpoint.query]
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        give = f"it is one of: {', '.join(known)}" if known else "leave it out"
        raise Wrong([Problem(name=name[:80], says="is not known here", give=give) for name in unknown])
    return dict(request.query_params)


def _number(asked: Asked, name: str) -> int:
    text = asked.query.get(name, "0")
    with contextlib.suppress(ValueError):
        if 0 <= (number := int(text)) < 2**53:
            return number
    raise Wrong([Problem(name=name, says=f"{text[:40]!r} is no row's number", give="give a number from 0 on")])


def _problem(trouble: Trouble) -> Response:
    reply = problems.reply_of(trouble).model_dump_json(exclude_defaults=True)
    headers = dict(_PRIVATE)
    if isinstance(trouble, problems.NotSignedIn):
        headers["www-authenticate"] = 'Bearer realm="firedoor"'
    return Response(reply, problems.status_of(trouble), media_type="application/problem+json", headers=headers)


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405:
        reply = messages.ProblemReply(
            error="method", says=f"{request.method} is not done here.", next="See /api/openapi.json."
        )
        return Response(reply.model_dump_json(exclude_defaults=True), 405, media_type="application/problem+json")
    return _problem(NotFound(f"There is nothing at {request.url.path[:200]}.", "See /api/openapi.json."))


async def _fault(request: Request, error: Exception) -> Response:
    """A fault of ours. It is told as one and shows nothing of its inside; the server logs it whole."""
    reply = messages.ProblemReply(
        error="fault",
        says="The front door failed at this. It is a fault of ours, and is in its log.",
        next="A word that was sent may have been counted: send the same again, it counts once.",
    )
    return Response(reply.model_dump_json(exclude_defaults=True), 500, media_type="application/problem+json")
