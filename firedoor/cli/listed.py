"""Long lists from files: their lines are sent once, and referred to from then on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from firedoor.cli.front import Front
from firedoor.plan.lists import ListRef
from firedoor.web.messages import ListRequest


def kept(front: Front, playbook: str, name: str, file: str) -> dict[str, Any]:
    """Send the lines of the file; the front door writes them down, and says how to refer to them."""
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"--list {name}: {file} cannot be read as text: {error}.") from None
    items = [line.strip() for line in lines if line.strip()]
    request = ListRequest(playbook=playbook, input=name, items=items)
    return front.post("/api/lists", request, ListRef).model_dump(mode="json")
