"""What users have reported: an account itself, or something that it said."""

from __future__ import annotations

from firedoor.connectors.contract import Json
from firedoor.connectors.synapse.admin import ADMIN, Admin, account_id


async def reports_of(admin: Admin, asked: Json) -> Json:
    """How many reports there are about an account and what it said; of several accounts, all together."""
    return len(await _reporters(admin, asked))


async def reporters_of(admin: Admin, asked: Json) -> Json:
    """Who reported an account or what it said, each once, in the order of their first reports."""
    return list(dict.fromkeys(await _reporters(admin, asked)))


async def _reporters(admin: Admin, asked: Json) -> list[str]:
    """Who made each of the reports, oldest first."""
    found: list[tuple[int, str]] = []
    for account in asked if isinstance(asked, list | tuple) else [asked]:
        name, what = account_id(account), f"a look at the reports about {account}"
        await admin.account(name)
        for reports, about in (("event_reports", "event_sender_user_id"), ("user_reports", "target_user_id")):
            rows = admin.pages(f"{ADMIN}/v1/{reports}", reports, what, **{about: name, "dir": "f"})
            found += [(int(row["received_ts"]), str(row["user_id"])) async for row in rows]
    return [who for _, who in sorted(found)]
