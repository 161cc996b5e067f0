"""The pure core of a run. Start with `reducer`; `SEMANTICS` is in docs/run.md."""

from firedoor.run.reducer import reduce, wake_at
from firedoor.run.state import State

__all__ = ["State", "reduce", "wake_at"]
