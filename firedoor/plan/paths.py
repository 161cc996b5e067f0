"""Paths: where a step stands in the plan ("3.1") and where it stands in a run, with the rounds of loops ("3[7].1")."""

import re

ROUND = re.compile(r"\[\d+\]")


def static(path: str) -> str:
    """The plan's path of a run's path: "3[7].1" → "3.1"."""
    return ROUND.sub("", path) if "[" in path else path


def in_run(step: str, beside: str) -> str:
    """The run's path of the plan's path `step`, as seen from the run's path `beside`: in the same rounds.

    in_run("3.0", "3[7].1") == "3[7].0"; in_run("1", "3[7].1") == "1".
    """
    if "[" not in beside:
        return step
    mine, theirs = step.split("."), beside.split(".")
    found: list[str] = []
    for index, part in enumerate(mine):
        other = theirs[index] if index < len(theirs) else ""
        last = index == len(mine) - 1
        if other.partition("[")[0] != part:
            return ".".join([*found, *mine[index:]])
        found.append(part if last else other)
    return ".".join(found)


def rounds(path: str) -> tuple[tuple[str, int], ...]:
    """The loops around a run's path, outermost first: (static path of the loop, round)."""
    found: list[tuple[str, int]] = []
    seen: list[str] = []
    for part in path.split("."):
        name, bracket, number = part.partition("[")
        seen.append(name)
        if bracket:
            found.append((".".join(seen), int(number[:-1])))
    return tuple(found)


def parent(path: str) -> str:
    """The run's path of the enclosing step; "" at the top. The parent of "3[7].1" is "3[7]", that of "3[7]" is "3"."""
    head, dot, last = path.rpartition(".")
    if last.endswith("]"):
        return f"{head}{dot}{last.partition('[')[0]}"
    return head


def within(path: str, ancestor: str) -> bool:
    """Whether `path` is `ancestor` or stands below it; everything stands below ""."""
    return not ancestor or path == ancestor or path.startswith((ancestor + ".", ancestor + "["))
