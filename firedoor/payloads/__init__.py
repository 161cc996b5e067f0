"""What Temporal is given is sealed: its database, its UI and its port show no input, word, outcome or failure."""

from __future__ import annotations

from firedoor.payloads.codec import SealingCodec, sealing_converter
from firedoor.payloads.keys import PayloadKeyFile, PayloadKeys, Sealing, UnknownPayloadKey, UnusablePayloadKeys

__all__ = [
    "PayloadKeyFile",
    "PayloadKeys",
    "Sealing",
    "SealingCodec",
    "UnknownPayloadKey",
    "UnusablePayloadKeys",
    "sealing_converter",
]
