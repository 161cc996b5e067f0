"""Each verb from its start to its end, on the real server."""

from __future__ import annotations

from tests.workflows import plans as p
from tests.workflows.harness import Stage


async def test_notify(stage: Stage) -> None:
    run = await stage.launch(p.plan(p.notify()))
    assert await run.result() == "completed"
    (notice,) = stage.doubles.told("0:")
    assert notice.texts[0].text == "It has begun"
    assert [row.kind for row in run.rows()][:1] == ["run.launched"]
