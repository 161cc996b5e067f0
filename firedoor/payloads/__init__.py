"""What Temporal is given is sealed: its database, its UI and its port show no input, word, outcome or failure."""

from __future__ import annotations

from firedoor.payloads.codec import SealingCodec, sealing_converter
from firedoor.payloads.keys import PayloadKeys, UnknownPayloadKey, UnusablePayloadKeys

__all__ = ["PayloadKeys", "SealingCodec", "UnknownPayloadKey", "UnusablePayloadKeys", "sealing_converter"]
