"""How a request to a platform is signed, so that nobody else can freeze an account there, and none is replayed elsewhere.

`Firedoor-Signature: t=<seconds since 1970>,v1=<hex of HMAC-SHA256>` over six lines: "v1", the seconds, the method, the
path with its query, the idempotency key (empty for a read), and the SHA-256 of the body in hex. A platform checks it
with `check`, or with ten lines of its own; it should refuse moments more than five minutes away.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Final

HEADER: Final = "Firedoor-Signature"
LEEWAY_SECONDS: Final = 300


def sign(secret: str, method: str, path: str, key: str, body: bytes, *, now: float | None = None) -> str:
    """The header's value."""
    seconds = int(time.time() if now is None else now)
    return f"t={seconds},v1={_mac(secret, seconds, method, path, key, body)}"


def check(secret: str, header: str, method: str, path: str, key: str, body: bytes, *, now: float | None = None) -> bool:
    """Whether the header signs this very request, now."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    if not parts.get("t", "").isascii() or not parts.get("t", "").isdigit():
        return False
    seconds = int(parts["t"])
    if abs((time.time() if now is None else now) - seconds) > LEEWAY_SECONDS:
        return False
    return hmac.compare_digest(parts.get("v1", "").encode(), _mac(secret, seconds, method, path, key, body).encode())


def _mac(secret: str, seconds: int, method: str, path: str, key: str, body: bytes) -> str:
    lines = ("v1", str(seconds), method, path, key, hashlib.sha256(body).hexdigest())
    return hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()
