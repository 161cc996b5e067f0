"""The registry of channels: which connector makes one, and the channels of an organization, made from its settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from firedoor.connectors.apprise import AppriseChannel
from firedoor.connectors.channel import Channel
from firedoor.connectors.errors import BadSettings
from firedoor.connectors.matrix import MatrixChannel
from firedoor.connectors.memory_channel import MemoryChannel
from firedoor.connectors.server_notice import ServerNoticeChannel
from firedoor.connectors.settings import Settings
from firedoor.connectors.smtp import SmtpChannel
from firedoor.connectors.webhook import WebhookChannel
from firedoor.people.organization import Channel as Way
from firedoor.people.organization import Organization

Make = Callable[[Settings], Channel]

MAKERS: Final[dict[str, Make]] = {
    "apprise": AppriseChannel.from_settings,
    "matrix": MatrixChannel.from_settings,
    "memory": MemoryChannel.from_settings,
    "smtp": SmtpChannel.from_settings,
    "synapse": ServerNoticeChannel.from_settings,
    "webhook": WebhookChannel.from_settings,
}

USUAL: Final[dict[str, dict[str, str]]] = {
    "matrix": {"base_url_from": "MATRIX_URL", "access_token_from": "MATRIX_TOKEN"},
    "smtp": {"url_from": "SMTP_URL", "sender_from": "SMTP_SENDER"},
    "synapse": {"base_url_from": "SYNAPSE_URL", "access_token_from": "SYNAPSE_TOKEN"},
    "webhook": {"secret_from": "WEBHOOK_SECRET"},
}
"""Where settings come from that a book leaves out."""


def build(
    organization: Organization, environ: Mapping[str, str] = os.environ, makers: Mapping[str, Make] = MAKERS
) -> tuple[dict[str, Channel], dict[str, BadSettings]]:
    """The channels of an organization by name, and what is wrong with those that cannot be made.

    One that is wrong keeps no other from being used.
    """
    made: dict[str, Channel] = {}
    wrong: dict[str, BadSettings] = {}
    for name, way in organization.channels.items():
        try:
            made[name] = _make(way, environ, makers)
        except BadSettings as error:
            wrong[name] = error
    return made, wrong


def _make(way: Way, environ: Mapping[str, str], makers: Mapping[str, Make]) -> Channel:
    make = makers.get(way.connector)
    if make is None:
        raise BadSettings(f"connector {way.name}: there is no {way.connector}; there are {', '.join(sorted(makers))}")
    given: dict[str, Any] = dict(way.settings)
    for setting, variable in USUAL.get(way.connector, {}).items():
        if setting not in given and setting.removesuffix("_from") not in given:
            given[setting] = variable
    return make(Settings(way.name, given, environ))
