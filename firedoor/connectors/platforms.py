"""The registry of platforms: which connector makes one, and the platforms of an installation.

A book's actions name a connector. `synapse` and `http` are set up by the environment alone (USUAL). An installation
with others, or several of a kind, lists them in `connectors.toml` in its folder:

    [eu-homeserver]
    kind = "synapse"
    base_url_from = "EU_SYNAPSE_URL"
    access_token_from = "EU_SYNAPSE_TOKEN"

Other packages add kinds by the entry point group `firedoor.platforms`: a callable from Settings to a Platform.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

from firedoor.connectors.contract import Platform
from firedoor.connectors.errors import BadSettings
from firedoor.connectors.http import HttpPlatform
from firedoor.connectors.memory import MemoryPlatform
from firedoor.connectors.settings import Settings
from firedoor.connectors.synapse import SynapsePlatform

Make = Callable[[Settings], Platform]

GROUP: Final = "firedoor.platforms"
MAKERS: Final[dict[str, Make]] = {
    "http": HttpPlatform.from_settings,
    "memory": MemoryPlatform.from_settings,
    "synapse": SynapsePlatform.from_settings,
}
USUAL: Final[dict[str, dict[str, str]]] = {
    "http": {"base_url_from": "PLATFORM_URL", "secret_from": "PLATFORM_SECRET"},
    "synapse": {"base_url_from": "SYNAPSE_URL", "access_token_from": "SYNAPSE_TOKEN"},
}
"""Where settings come from that are not listed."""


def build(listed: Path, environ: Mapping[str, str] = os.environ) -> tuple[dict[str, Platform], dict[str, BadSettings]]:
    """The platforms by name, and what is wrong with those that cannot be made: one that is wrong keeps no other away.

    `listed` is the installation's connectors.toml, which need not exist.
    """
    makers = {**MAKERS, **{point.name: point.load() for point in entry_points(group=GROUP)}}
    wanted: dict[str, dict[str, Any]] = {name: {"kind": name} for name in USUAL}
    made: dict[str, Platform] = {}
    wrong: dict[str, BadSettings] = {}
    if listed.exists():
        try:
            wanted |= tomllib.loads(listed.read_text())
        except tomllib.TOMLDecodeError as error:
            wrong[listed.name] = BadSettings(f"{listed}: {error}")
    for name, settings in wanted.items():
        try:
            made[name] = _make(name, settings, makers, environ)
        except BadSettings as error:
            wrong[name] = error
    return made, wrong


def _make(name: str, listed: object, makers: Mapping[str, Make], environ: Mapping[str, str]) -> Platform:
    if not isinstance(listed, dict) or not isinstance(listed.get("kind"), str):
        raise BadSettings(f"connector {name}: its kind is missing; there are {', '.join(sorted(makers))}")
    given = {key: value for key, value in listed.items() if key != "kind"}
    kind = listed["kind"]
    if kind not in makers:
        raise BadSettings(f"connector {name}: there is no {kind}; there are {', '.join(sorted(makers))}")
    for setting, variable in USUAL.get(kind, {}).items():
        if setting not in given and setting.removesuffix("_from") not in given:
            given[setting] = variable
    return makers[kind](Settings(name, given, environ))
