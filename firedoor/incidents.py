"""The one module that starts and addresses running workflows. It knows them by the names of the protocol alone.

Whatever goes wrong comes out as a Trouble that says, for a person, what is so and how to go on. What it says about a
word whose fate is not known is chosen with care: to send the same word again is safe, so that is what it advises.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, ClassVar, Final, Literal, Protocol, TypeVar

from pydantic import ValidationError
from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
)
from temporalio.common import (
    QueryRejectCondition,
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RPCError, RPCStatusCode

from firedoor import protocol
from firedoor.plan import Plan
from firedoor.plan.base import Frozen
from firedoor.protocol import Forced, Receipt, ReviewView, Signed, View

T = TypeVar("T")

_SEND_AGAIN: Final = "Your word may still be counted. Send the same again: however often, it counts once."

PATIENCE: Final = timedelta(seconds=10)
"""How long a person who said something waits for the engine before being told what is so; who looks waits half."""

_PLAYBOOK: Final = SearchAttributeKey.for_keyword(protocol.SEARCH_PLAYBOOK)
_SEVERITY: Final = SearchAttributeKey.for_keyword(protocol.SEARCH_SEVERITY)
_PHASE: Final = SearchAttributeKey.for_keyword(protocol.SEARCH_PHASE)
_WAITING_ON: Final = SearchAttributeKey.for_keyword(protocol.SEARCH_WAITING_ON)
_NEXT_DUE: Final = SearchAttributeKey.for_datetime(protocol.SEARCH_NEXT_DUE)
_ATTRIBUTES: Final[tuple[SearchAttributeKey[Any], ...]] = (_PLAYBOOK, _SEVERITY, _PHASE, _WAITING_ON, _NEXT_DUE)

_AT_ONCE: Final = 16
MOST_ATTEMPTS: Final = 3
"""Attempts at a workflow task that can be bad luck. Beyond, the run's code fails at every try."""


class Trouble(Exception):
    """What is wrong, and how to go on, in plain words."""

    kind: ClassVar[str]

    def __init__(self, says: str, next_: str) -> None:
        super().__init__(f"{says} {next_}")
        self.says = says
        self.next = next_


class Unreachable(Trouble):
    """The Temporal server does not answer."""

    kind = "server-down"

    def __init__(self) -> None:
        super().__init__(
            "The Temporal server does not answer.",
            "Nothing was sent, and nothing is lost: runs go on when it is back. `firedoor up` starts its own again; for one "
            "elsewhere look at TEMPORAL_ADDRESS. Until then `firedoor list` and `firedoor export ID` show what was written "
            "down, and what cannot wait is done on the platform itself.",
        )


class NoAnswer(Trouble):
    """The server is there, and no worker answered in time: a word that was sent may still be counted."""

    kind = "no-worker"


class Stuck(NoAnswer):
    """A worker is there, and the run's code fails at every try, so nothing in it moves."""

    kind = "stuck"

    def __init__(self, incident: str, fate: str = "") -> None:
        super().__init__(
            f"{incident} is stuck: its code cannot go on. What is contained stays contained; no deadline and no expiry is"
            " acted on.",
            f"Call the operator: restart the worker with the right version (logs/worker.log says what fails). {fate}".rstrip(),
        )


class CutOff(NoAnswer):
    """A run that was ended by force between two steps: no worker can show how it stood then (see protocol.TORN)."""

    kind = "cut-off"

    def __init__(self, incident: str, ended: Forced | None) -> None:
        super().__init__(
            f"{incident} was {ended or 'ended'} in the middle of a step, so how it stood then cannot be shown.",
            f"Its record has what was written down: firedoor export {incident}",
        )
        self.ended = ended


class NotPrepared(Trouble):
    """The Temporal server lacks what lists are made from."""

    kind = "search-attributes"

    def __init__(self, namespace: str, missing: Mapping[str, str]) -> None:
        each = " ".join(f"--name {name} --type {kind}" for name, kind in missing.items())
        super().__init__(
            f"The Temporal server's namespace {namespace} lacks Firedoor's search attributes, so nothing can be launched:"
            f" {', '.join(missing)}.",
            f"Make them once: temporal operator search-attribute create --namespace {namespace} {each}",
        )


class NoSuchIncident(Trouble):
    kind = "unknown-incident"

    def __init__(self, incident: str) -> None:
        super().__init__(f"There is no running incident {incident}.", "See `firedoor list` for those there are.")


class Closed(Trouble):
    kind = "closed"

    def __init__(self, incident: str) -> None:
        super().__init__(f"{incident} has ended, and takes no more words.", "Its record stays: `firedoor export`.")


class Refused(Trouble):
    """The run looked at the word and did not take it. `why` is the validator's type, for machines."""

    kind = "refused"

    def __init__(self, says: str, why: str | None = None) -> None:
        super().__init__(says, "See `firedoor show` for how it stands now.")
        self.why = why


class EngineBroken(Trouble):
    """The engine answered something that it never should."""

    kind = "engine"


_ENDS: Final[dict[WorkflowExecutionStatus | None, Forced]] = {
    WorkflowExecutionStatus.TERMINATED: "terminated",
    WorkflowExecutionStatus.FAILED: "failed",
    WorkflowExecutionStatus.TIMED_OUT: "failed",
    WorkflowExecutionStatus.CANCELED: "cancelled",
}


class Live(Frozen):
    """A run as the server lists it."""

    incident: str
    playbook: str
    severity: str | None = None
    phase: str
    waiting_on: str | None = None
    next_due: datetime | None = None
    launched_at: datetime
    closed_at: datetime | None = None
    ended: Forced | None = None


class Incidents(Protocol):
    """Running incidents, as the front door addresses them. Every method raises Trouble."""

    async def launch(self, plan: Plan, incident: str, launch: Signed) -> bool:
        """Start the run. False when it had been started before."""
        ...

    async def answer(self, incident: str, word: Signed, nonce: str) -> Receipt: ...
    async def command(self, incident: str, word: Signed, nonce: str) -> Receipt: ...
    async def view(self, incident: str, since: int = 0) -> View:
        """`ended` says so where the run was ended by force: what else it shows is how it stood then. Raises CutOff
        where no worker can show that."""
        ...

    async def document(self, incident: str, ask: str) -> str: ...
    async def review(self, incident: str) -> ReviewView: ...
    async def review_document(self, incident: str, item: str) -> str: ...
    async def answer_review(self, incident: str, word: Signed, nonce: str) -> Receipt: ...
    async def listed(self, *, everything: bool = False) -> list[Live]: ...
    async def stuck(self, incidents: Iterable[str]) -> frozenset[str]:
        """Those of them whose code fails at every try."""
        ...

    async def ended(self, incidents: Iterable[str]) -> dict[str, Forced | Literal["closed"]]:
        """How those of them ended that have. One that runs is not among them, nor one that the server does not know."""
        ...

    async def reviews(self) -> list[str]: ...
    async def health(self) -> Health: ...


class Health(Frozen):
    server: bool
    worker: bool


def new_incident_id() -> str:
    """Random, and opaque: workflow ids are never encrypted."""
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    return "inc-" + "".join(secrets.choice(alphabet) for _ in range(10))


async def connect(address: str, *, namespace: str = "default", converter: DataConverter | None = None) -> Client:
    """A client that needs no server yet, so that a front door starts before it and outlives its restarts."""
    return await Client.connect(
        address,
        namespace=namespace,
        lazy=True,
        data_converter=converter or pydantic_data_converter,
        runtime=_quiet_runtime(),
    )


async def connect_as_set_up(address: str | None = None, *, converter: DataConverter | None = None) -> Client:
    """The same, by TEMPORAL_ADDRESS or a profile: with the namespace, TLS and API key that those name."""
    named = ClientConfig.load_client_connect_config()
    named = {**named, "target_host": address or named.get("target_host", "127.0.0.1:7233")}
    return await Client.connect(
        **named, lazy=True, data_converter=converter or pydantic_data_converter, runtime=_quiet_runtime()
    )


@cache
def _quiet_runtime() -> Runtime:
    """Without the SDK's own account of each retry: whoever asks is told what is wrong, once, in words."""
    logging = LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    return Runtime(telemetry=TelemetryConfig(logging=logging))


class TemporalIncidents:
    """Incidents on a Temporal server."""

    def __init__(
        self, client: Client, *, task_queue: str = protocol.TASK_QUEUE, patience: timedelta = PATIENCE
    ) -> None:
        self._client = client
        self._task_queue = task_queue
        self._patience = patience
        self._look = patience / 2

    async def launch(self, plan: Plan, incident: str, launch: Signed) -> bool:
        attributes = [SearchAttributePair(_PLAYBOOK, plan.playbook), SearchAttributePair(_PHASE, "responding")]
        try:
            async with self._translated(incident, spoken=True):
                await self._client.start_workflow(
                    protocol.INCIDENT,
                    args=[plan.pack(), launch, None],
                    id=incident,
                    task_queue=self._task_queue,
                    id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    search_attributes=TypedSearchAttributes(attributes),
                    rpc_timeout=self._patience,
                )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def answer(self, incident: str, word: Signed, nonce: str) -> Receipt:
        return await self._update(incident, protocol.ANSWER, word, nonce)

    async def command(self, incident: str, word: Signed, nonce: str) -> Receipt:
        return await self._update(incident, protocol.COMMAND, word, nonce)

    async def answer_review(self, incident: str, word: Signed, nonce: str) -> Receipt:
        return await self._update(protocol.review_id(incident), protocol.ANSWER, word, nonce)

    async def view(self, incident: str, since: int = 0) -> View:
        try:
            return await self._query(
                incident, protocol.VIEW, since, View, reject=QueryRejectCondition.NOT_COMPLETED_CLEANLY
            )
        except WorkflowQueryRejectedError as error:
            ended = _ENDS.get(error.status)
            view = await self._query(incident, protocol.VIEW, since, View, ended=ended)
            return view.model_copy(update={"ended": ended})

    async def document(self, incident: str, ask: str) -> str:
        return await self._query(incident, protocol.DOCUMENT, ask, str)

    async def review(self, incident: str) -> ReviewView:
        return await self._query(protocol.review_id(incident), protocol.VIEW, None, ReviewView)

    async def review_document(self, incident: str, item: str) -> str:
        return await self._query(protocol.review_id(incident), protocol.DOCUMENT, item, str)

    async def listed(self, *, everything: bool = False) -> list[Live]:
        """Those that have not ended, newest first; with `everything`, also what the server still keeps of the others.

        Each once, as its newest run has it: one that crossed or was reset has had several.
        """
        only = "" if everything else ' AND ExecutionStatus = "Running"'
        found = await self._runs(f'WorkflowType = "{protocol.INCIDENT}"{only}')
        lives = sorted((_live(run) for run in found), key=lambda live: (live.closed_at is None, live.launched_at))
        newest = {live.incident: live for live in lives}
        return sorted(newest.values(), key=lambda live: live.launched_at, reverse=True)

    async def stuck(self, incidents: Iterable[str]) -> frozenset[str]:
        """Those of them whose code fails at every try. Nobody is said to be stuck whom the server does not tell of."""
        found = await self._described(incidents)
        return frozenset(incident for incident, run in found.items() if _fails(run))

    async def ended(self, incidents: Iterable[str]) -> dict[str, Forced | Literal["closed"]]:
        found = await self._described(incidents)
        return {
            incident: _ENDS.get(run.status, "closed")
            for incident, run in found.items()
            if run.status is not WorkflowExecutionStatus.RUNNING
        }

    async def prepare(self) -> None:
        """Register the search attributes that the server's namespace lacks. Raises Trouble."""
        namespace = self._client.namespace
        service = self._client.operator_service
        async with self._translated(""):
            there = await service.list_search_attributes(
                ListSearchAttributesRequest(namespace=namespace), timeout=self._look
            )
            missing = [key for key in _ATTRIBUTES if key.name not in there.custom_attributes]
            if not missing:
                return
            kinds = {key.name: IndexedValueType.ValueType(int(key.indexed_value_type)) for key in missing}
            try:
                await service.add_search_attributes(
                    AddSearchAttributesRequest(namespace=namespace, search_attributes=kinds), timeout=self._look
                )
            except RPCError as error:
                if error.status is not RPCStatusCode.ALREADY_EXISTS:  # another `firedoor up` was quicker
                    raise NotPrepared(namespace, _named(missing)) from error

    async def reviews(self) -> list[str]:
        """The incidents whose reviews are open."""
        found = await self._runs(f'WorkflowType = "{protocol.REVIEW}" AND ExecutionStatus = "Running"')
        return [run.id.removesuffix(protocol.review_id("")) for run in found]

    async def health(self) -> Health:
        try:
            async with self._translated(""):
                found = await self._workers()
        except Trouble:
            return Health(server=False, worker=False)
        return Health(server=True, worker=bool(found))

    async def workers(self) -> tuple[str, ...]:
        """Who works: `PID@HOST` of each worker that has asked for work in the last minute. None while nobody answers."""
        try:
            async with self._translated(""):
                return await self._workers()
        except Trouble:
            return ()

    async def _update(self, workflow: str, name: str, word: Signed, nonce: str) -> Receipt:
        handle: WorkflowHandle[Any, Any] = self._client.get_workflow_handle(workflow)
        async with self._translated(workflow, spoken=True):
            receipt: Receipt = await handle.execute_update(
                name, word, id=nonce, result_type=Receipt, rpc_timeout=self._patience
            )
            return receipt

    async def _query(
        self,
        workflow: str,
        name: str,
        argument: object,
        gives: type[T],
        reject: QueryRejectCondition | None = None,
        ended: Forced | None = None,
    ) -> T:
        """`ended`: the run was ended by force, so that what is torn stays torn."""
        handle: WorkflowHandle[Any, Any] = self._client.get_workflow_handle(workflow)
        async with self._translated(workflow):
            arguments = [] if argument is None else [argument]
            try:
                found: T = await seen(
                    lambda: handle.query(
                        name, args=arguments, result_type=gives, rpc_timeout=self._look, reject_condition=reject
                    ),
                    again=ended is None,
                )
            except WorkflowQueryFailedError as error:
                if ended is None or protocol.TORN not in error.message:
                    raise
                raise CutOff(workflow, ended) from error
            except ValidationError as error:  # anybody at Temporal's port can start something of that name
                raise EngineBroken(
                    f"{workflow} answered something that no run of ours does.", "It may be somebody else's: leave it."
                ) from error
            return found

    async def _runs(self, query: str) -> list[WorkflowExecution]:
        async with self._translated(""):
            return [run async for run in self._client.list_workflows(query, rpc_timeout=self._look)]

    @asynccontextmanager
    async def _translated(self, workflow: str, *, spoken: bool = False) -> AsyncIterator[None]:
        """`spoken`: a word was sent, whose fate must not be told wrongly."""
        try:
            async with asyncio.timeout((self._patience if spoken else self._look).total_seconds()):
                yield
        except WorkflowUpdateFailedError as error:
            raise _refusal(error, workflow) from error
        except WorkflowQueryFailedError as error:
            if await self._is_stuck(workflow):
                raise Stuck(workflow) from error
            raise Refused(error.message) from error
        except (TimeoutError, RPCTimeoutOrCancelledError) as error:
            if (task := asyncio.current_task()) and task.cancelling():
                raise asyncio.CancelledError from error
            raise await self._silence(workflow, spoken=spoken) from error
        except RPCError as error:
            raise await self._rpc(error, workflow, spoken=spoken) from error
        except RuntimeError as error:  # how a lazy client says that nobody listens
            if "connect" not in str(error).lower():
                raise
            raise Unreachable from error

    async def _rpc(self, error: RPCError, workflow: str, *, spoken: bool) -> Trouble:
        match error.status:
            case RPCStatusCode.NOT_FOUND if "already completed" in error.message:
                return Closed(workflow)
            case RPCStatusCode.NOT_FOUND:
                return NoSuchIncident(workflow)
            case RPCStatusCode.UNAVAILABLE:
                return NoAnswer("The Temporal server does not answer.", _SEND_AGAIN) if spoken else Unreachable()
            case RPCStatusCode.DEADLINE_EXCEEDED | RPCStatusCode.CANCELLED | RPCStatusCode.FAILED_PRECONDITION:
                return await self._silence(workflow, spoken=spoken)
            case RPCStatusCode.RESOURCE_EXHAUSTED:
                return NoAnswer("The engine is busier than it can bear.", "Send the same again in a moment.")
            case RPCStatusCode.INVALID_ARGUMENT if "search attribute" in error.message:
                return NotPrepared(self._client.namespace, _named(_ATTRIBUTES))
            case _:
                return EngineBroken(f"The engine refused: {error.message}.", "This is a fault of ours: report it.")

    async def _is_stuck(self, workflow: str) -> bool:
        if not workflow:
            return False
        found = await self._describe(workflow)
        return found is not None and _fails(found)

    async def _described(self, workflows: Iterable[str]) -> dict[str, WorkflowExecutionDescription]:
        """Those that the server tells of."""
        gate = asyncio.Semaphore(_AT_ONCE)

        async def look(workflow: str) -> tuple[str, WorkflowExecutionDescription | None]:
            async with gate:
                return workflow, await self._describe(workflow)

        found = await asyncio.gather(*(look(workflow) for workflow in workflows))
        return {workflow: run for workflow, run in found if run is not None}

    async def _describe(self, workflow: str) -> WorkflowExecutionDescription | None:
        handle: WorkflowHandle[Any, Any] = self._client.get_workflow_handle(workflow)
        try:
            return await handle.describe(rpc_timeout=timedelta(seconds=2))
        except (TimeoutError, RPCError, RuntimeError):
            return None

    async def _silence(self, workflow: str, *, spoken: bool) -> Trouble:
        """Nothing came back. Whether nobody is there, or somebody was too slow, is worth one more question."""
        fate = _SEND_AGAIN if spoken else "Nothing is lost: try again in a moment."
        try:
            async with asyncio.timeout(2):
                found = await self._workers()
        except (TimeoutError, RPCError, RuntimeError):
            return NoAnswer("The Temporal server does not answer.", fate) if spoken else Unreachable()
        if not found:
            return NoAnswer("No worker is running.", f"{fate} Start one: `firedoor up`.")
        if await self._is_stuck(workflow):
            return Stuck(workflow, fate if spoken else "")
        return NoAnswer("The engine did not answer in time.", fate)

    async def _workers(self) -> tuple[str, ...]:
        found = await self._client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=self._client.namespace,
                task_queue=TaskQueue(name=self._task_queue),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            ),
            timeout=timedelta(seconds=2),
        )
        fresh = datetime.now(UTC) - timedelta(seconds=70)  # a poll lasts a minute
        return tuple(one.identity for one in found.pollers if one.last_access_time.ToDatetime(UTC) > fresh)


def _fails(run: WorkflowExecutionDescription) -> bool:
    return run.raw_description.pending_workflow_task.attempt > MOST_ATTEMPTS


def _named(keys: Iterable[SearchAttributeKey[Any]]) -> dict[str, str]:
    """The types by the names that the `temporal` command has for them."""
    return {key.name: "Datetime" if key is _NEXT_DUE else "Keyword" for key in keys}


async def seen(look: Callable[[], Awaitable[T]], *, again: bool = True) -> T:
    """What a query shows. `again`: look again where the first look came at a bad moment (protocol.TORN)."""
    while True:
        try:
            return await look()
        except WorkflowQueryFailedError as error:
            if not again or protocol.TORN not in error.message:
                raise
        await asyncio.sleep(0.05)


def _refusal(error: WorkflowUpdateFailedError, workflow: str) -> Trouble:
    cause = error.cause
    if isinstance(cause, ApplicationError):
        if cause.type in ("AcceptedUpdateCompletedWorkflow", "WorkflowUpdateCompletedBeforeAccept"):
            return Closed(workflow)
        return Refused(cause.message, cause.type)
    return EngineBroken(f"The engine failed: {cause}.", "This is a fault of ours: report it.")


def _live(run: WorkflowExecution) -> Live:
    attributes = run.typed_search_attributes
    return Live(
        incident=run.id,
        playbook=attributes.get(_PLAYBOOK) or "",
        severity=attributes.get(_SEVERITY),
        phase=attributes.get(_PHASE) or "responding",
        waiting_on=attributes.get(_WAITING_ON) or None,
        next_due=attributes.get(_NEXT_DUE),
        launched_at=run.start_time,
        closed_at=run.close_time,
        ended=_ENDS.get(run.status),
    )
