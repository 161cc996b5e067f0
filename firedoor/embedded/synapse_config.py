"""What Synapse is told at its start, and the secrets that it must keep from one start to the next."""

import base64
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

SERVER_NAME: Final = "firedoor.test"
NO_LIMIT: Final = {"per_second": 10_000, "burst_count": 10_000}


@dataclass(frozen=True)
class Secrets:
    """Made once per data folder, and kept in it, readable by its owner only."""

    registration: str
    macaroon: str
    form: str
    signing_seed: str
    """32 random bytes in base64 without its padding, as Synapse writes a key."""
    admin_password: str

    @classmethod
    def kept_in(cls, folder: Path) -> Self:
        path = folder / "secrets.json"
        if not path.exists():
            made = cls(
                registration=secrets.token_urlsafe(32),
                macaroon=secrets.token_urlsafe(32),
                form=secrets.token_urlsafe(32),
                signing_seed=base64.b64encode(secrets.token_bytes(32)).decode().rstrip("="),
                admin_password=secrets.token_urlsafe(24),
            )
            write_private(path, json.dumps(asdict(made)))
        return cls(**json.loads(path.read_text()))


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, and readable by its owner only."""
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


def write_configuration(folder: Path, port: int, server_name: str, kept: Secrets) -> Path:
    """Writes homeserver.yaml and what it names, and returns its path. JSON is YAML."""
    write_private(folder / "signing.key", f"ed25519 a_fire {kept.signing_seed}\n")
    (folder / "logging.json").write_text(json.dumps(LOGGING))
    path = folder / "homeserver.yaml"
    write_private(path, json.dumps(_configuration(folder, port, server_name, kept), indent=1))
    return path


LOGGING: Final = {
    "version": 1,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"level": "WARNING", "handlers": ["out"]},
    "disable_existing_loggers": False,
}


def _configuration(folder: Path, port: int, server_name: str, kept: Secrets) -> dict[str, Any]:
    limits: dict[str, Any] = {f"rc_{what}": NO_LIMIT for what in ("message", "registration", "admin_redaction")}
    limits["rc_login"] = dict.fromkeys(("address", "account", "failed_attempts"), NO_LIMIT)
    limits["rc_joins"] = dict.fromkeys(("local", "remote"), NO_LIMIT)
    limits["rc_invites"] = dict.fromkeys(("per_room", "per_user", "per_issuer"), NO_LIMIT)
    limits |= {f"rc_{what}": NO_LIMIT for what in ("joins_per_room", "media_create", "room_creation", "reports")}
    return {
        "server_name": server_name,
        "pid_file": str(folder / "homeserver.pid"),
        "listeners": [
            {
                "port": port,
                "type": "http",
                "tls": False,
                "bind_addresses": ["127.0.0.1"],
                "resources": [{"names": ["client", "media"], "compress": False}],
            }
        ],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.sqlite3")}},
        "media_store_path": str(folder / "media"),
        "log_config": str(folder / "logging.json"),
        "signing_key_path": str(folder / "signing.key"),
        "registration_shared_secret": kept.registration,
        "macaroon_secret_key": kept.macaroon,
        "form_secret": kept.form,
        "bcrypt_rounds": 4,
        "enable_registration": False,
        "presence": {"enabled": False},
        "server_notices": {
            "system_mxid_localpart": "notices",
            "system_mxid_display_name": "Notices",
            "room_name": "Notices",
            "auto_join": True,
        },
        # It speaks to nobody but us.
        "federation_domain_whitelist": [],
        "trusted_key_servers": [],
        "url_preview_enabled": False,
        "report_stats": False,
        **limits,
    }
