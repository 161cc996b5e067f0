"""A rehearsal's result for programs: JSON, and JUnit's XML for a build's page."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree  # it is written here, and never read
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from firedoor.compiler import Finding
from firedoor.plan.time import written
from firedoor.rehearsal import story
from firedoor.rehearsal.company import Part
from firedoor.rehearsal.coverage import Walked
from firedoor.rehearsal.verdict import Judged, offset


@dataclass(frozen=True)
class Result:
    """One case, judged."""

    part: Part
    judged: Judged

    @property
    def passed(self) -> bool:
        return self.judged.passed


def as_data(results: Sequence[Result], coverage: Sequence[Walked], mistakes: Sequence[Finding]) -> dict[str, Any]:
    """`mistakes` of the book are told beside what was played: what has one was not."""
    return {
        "passed": all(result.passed for result in results) and not mistakes,
        "mistakes": [finding.model_dump(mode="json") for finding in mistakes],
        "cases": [_case(result) for result in results],
        "coverage": [
            {
                "playbook": walked.plan.playbook,
                "outcomes": len(walked.outcomes),
                "walked": len(walked.walked),
                "missing": [walked.says(outcome) for outcome in walked.missing],
            }
            for walked in coverage
        ],
    }


def _case(result: Result) -> dict[str, Any]:
    judged, played = result.judged, result.judged.played
    return {
        "file": result.part.rehearsal.file,
        "line": result.part.case.line,
        "playbook": result.part.rehearsal.playbook,
        "name": result.part.case.name,
        "passed": result.passed,
        "seconds": round(played.seconds, 3),
        "lasted": round(played.length.total_seconds()),
        "first_difference": judged.first_difference,
        "expectations": [
            {"expected": one.expected, "kept": one.kept, "because": one.because, "line": one.line}
            for one in judged.verdicts
        ],
        "unexpected": [
            {"at": round(one.at.total_seconds()), "says": one.says, "line": one.line} for one in judged.unexpected
        ],
        "timeline": [
            {"at": round(line.at.total_seconds()), "words": line.words} for line in story.lines(judged) if line.words
        ],
    }


def as_junit(results: Sequence[Result]) -> str:
    """A suite for each file, a test for each case; a failure says the first difference, and holds the whole story."""
    root = ElementTree.Element("testsuites", name="firedoor rehearse")
    files: dict[str, list[Result]] = {}
    for result in results:
        files.setdefault(result.part.rehearsal.file, []).append(result)
    for file, mine in files.items():
        failed = sum(not result.passed for result in mine)
        took = sum(result.judged.played.seconds for result in mine)
        suite = ElementTree.SubElement(
            root, "testsuite", name=file, tests=str(len(mine)), failures=str(failed), errors="0", time=f"{took:.3f}"
        )
        for result in mine:
            _test(suite, result)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _test(suite: ElementTree.Element, result: Result) -> None:
    case, judged = result.part.case, result.judged
    file, _, line = case.line.rpartition(":")
    test = ElementTree.SubElement(
        suite,
        "testcase",
        name=case.name,
        classname=result.part.rehearsal.playbook,
        file=file,
        line=line,
        time=f"{judged.played.seconds:.3f}",
    )
    if not result.passed:
        failure = ElementTree.SubElement(test, "failure", message=_visible(judged.first_difference))
        failure.text = _visible("\n".join(_told(judged)))


def _told(judged: Judged) -> list[str]:
    found = [f"after {written(judged.played.length.total_seconds())}"]
    for line in story.lines(judged):
        mark = f"   ! expected: {line.missed}" if line.missed else line.words
        found.append(f"{offset(line.at):>10}  {mark}")
    return found


def _visible(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(one for one in text if one in "\n\t" or ord(one) >= 32)
