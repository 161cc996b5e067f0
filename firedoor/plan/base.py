"""What every piece of a Plan has in common: it is frozen, closed, and small when written."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Frozen data that refuses fields it does not know, so that a plan of another version fails loudly."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
