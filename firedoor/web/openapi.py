"""The API as one table: each endpoint with what it takes and gives. The routes and the OpenAPI document come from it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from firedoor.protocol import MOST_BYTES_IN
from firedoor.web.messages import ProblemReply


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, after who speaks and what was sent have been read."""

    person: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Query:
    name: str
    kind: Literal["integer", "string", "boolean"]
    says: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    method: Literal["GET", "POST"]
    path: str
    says: str
    handle: Callable[[Asked], Awaitable[Any]]
    gives: type[BaseModel] | None
    """None: a text, or a JSON document without a model."""
    takes: type[BaseModel] | None = None
    query: tuple[Query, ...] = ()
    open: bool = False
    """Whether it answers without anybody being signed in."""
    status: int = 200
    most: int = MOST_BYTES_IN
    """Bytes that it takes."""


def document(endpoints: Sequence[Endpoint], version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    models = {model for one in endpoints for model in (one.takes, one.gives) if model} | {ProblemReply}
    ordered = sorted(models, key=lambda model: model.__name__)
    names, definitions = models_json_schema(
        [(model, "validation") for model in ordered], ref_template="#/components/schemas/{model}"
    )
    refs = {model: names[(model, "validation")] for model in ordered}
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Firedoor's front door",
            "version": version,
            "description": "Launch, answer and command incidents. Every error says what is so and how to go on.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(one: Endpoint, refs: Mapping[type[BaseModel], Any]) -> dict[str, Any]:
    media = {"application/json": {"schema": refs[one.gives]}} if one.gives else {}
    found: dict[str, Any] = {
        "operationId": f"{one.method.lower()}_{re.sub(r'[^a-z]+', '_', one.path.removeprefix('/api/')).strip('_')}",
        "summary": one.says,
        "responses": {
            str(one.status): {"description": "It is so.", **({"content": media} if media else {})},
            "default": {
                "description": "What is wrong, and how to go on.",
                "content": {"application/problem+json": {"schema": refs[ProblemReply]}},
            },
        },
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", one.path)
    ]
    parameters += [
        {
            "name": query.name,
            "in": "query",
            "description": query.says,
            "schema": {"type": query.kind, **({"enum": list(query.choices)} if query.choices else {})},
        }
        for query in one.query
    ]
    if parameters:
        found["parameters"] = parameters
    if one.takes:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": refs[one.takes]}}}
    if one.open:
        found["security"] = []
    return found
