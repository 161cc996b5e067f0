"""A Temporal payload codec: AES-256-GCM over each payload whole, its metadata included.

What Temporal keeps in the clear all the same: the ids and types of workflows and activities, names of updates and queries,
search attributes, identities, and the reason of a termination (docs/operator.md lists them).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from cryptography.exceptions import InvalidTag
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec
from typing_extensions import override

from firedoor.payloads.keys import Sealing

ENCODING: Final = b"binary/encrypted"
CIPHER: Final = b"AES-256-GCM"
_ABOUT: Final = b"firedoor/payload/v1\n"


class NotSealed(ValueError):
    """A payload is not what was sealed: it was altered, or cut."""


class SealingCodec(PayloadCodec):
    def __init__(self, keys: Sealing) -> None:
        self._keys = keys

    @override
    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._sealed(payload) for payload in payloads]

    @override
    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """What is not sealed is left as it is: a run that began before the codec was on still goes on. Nothing is believed
        because it was sealed; words are believed by their signatures."""
        return [self._opened(payload) for payload in payloads]

    def _sealed(self, payload: Payload) -> Payload:
        name, sealed = self._keys.seal(payload.SerializeToString(), _ABOUT)
        metadata = {"encoding": ENCODING, "encryption-cipher": CIPHER, "encryption-key-id": name.encode()}
        return Payload(metadata=metadata, data=sealed)

    def _opened(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        name = payload.metadata.get("encryption-key-id", b"").decode("utf-8", "replace")
        try:
            return Payload.FromString(self._keys.open(name, payload.data, _ABOUT))
        except InvalidTag:
            raise NotSealed("a payload is not what was sealed: it was altered or cut on its way") from None


def sealing_converter(keys: Sealing) -> DataConverter:
    """The data converter of every client and worker; messages and traces of failures are sealed as well."""
    return replace(
        pydantic_data_converter,
        payload_codec=SealingCodec(keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
