"""The compiled playbook: frozen data and pure functions over it. Imports pydantic and nothing impure."""

from firedoor.plan.expression import Expr, Prose
from firedoor.plan.model import (
    Action,
    Clock,
    Commander,
    Input,
    Message,
    Plan,
    ReadAction,
    Review,
    ReviewTask,
    SeverityRule,
    Updates,
)
from firedoor.plan.steps import (
    Approve,
    Branching,
    Consequence,
    Contain,
    ForEach,
    Group,
    Notify,
    Parallel,
    Seat,
    Step,
    Task,
    Undo,
    Wait,
)
from firedoor.plan.text import MessageRef, Text
from firedoor.plan.time import Span
from firedoor.plan.who import Audience, Who

__all__ = [
    "Action",
    "Approve",
    "Audience",
    "Branching",
    "Clock",
    "Commander",
    "Consequence",
    "Contain",
    "Expr",
    "ForEach",
    "Group",
    "Input",
    "Message",
    "MessageRef",
    "Notify",
    "Parallel",
    "Plan",
    "Prose",
    "ReadAction",
    "Review",
    "ReviewTask",
    "Seat",
    "SeverityRule",
    "Span",
    "Step",
    "Task",
    "Text",
    "Undo",
    "Updates",
    "Wait",
    "Who",
]
