"""Every knob of the hub: unit, range, default, reason. One TOML, read once, frozen.

Unknown keys are refused; each error names the key, the value and what is allowed.
"""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainer.errors import FatalError


class HubConfigError(FatalError):
    """hub.toml is wrong."""

    code = "hub.config"


class HubConfig(BaseModel):
    """One hub.

    Attributes:
        database_url: SQLite below `state_dir` when empty; PostgreSQL by one URL.
        check_in_interval_s: what boxes are told; 45 brings a price to every online box within 60 s,
            and makes 222 requests a second of 10,000 boxes.
        tls_certificate, tls_key: PEM files; made at the first start where both are empty.
        catalogue_keys, catalogue_passphrase_file: folder of the online keys and the file with their
            passphrase; with both, the hub itself signs price lists and new SKUs.
        webhook_private_hosts: names that webhooks may reach though they are private or plain HTTP.
        case_picture_days, recording_days: boxes' pictures are erased after so long unless a data
            set or a blind set holds them.
        backup_dir: where backups lie that the hub makes when it is asked to; another disk.
        blobs_url: s3://bucket or s3://bucket/prefix; a folder below `state_dir` when empty.
        blobs_credentials_file: TOML with access_key_id, secret_access_key; for its owner only.
        is_behind_proxy: a reverse proxy ends TLS; then the hub listens on 127.0.0.1 in the clear.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = Field(alias="schema")
    state_dir: Path = Path("/var/lib/tillsight/hub")
    database_url: str = ""
    host: str = "0.0.0.0"
    port: int = Field(default=8700, ge=1, le=65_535)
    public_url: str = ""
    check_in_interval_s: int = Field(default=45, ge=5, le=3600)
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    catalogue_keys: Path | None = None
    catalogue_passphrase_file: Path | None = None
    is_behind_proxy: bool = False
    case_picture_days: int = Field(default=180, ge=1, le=3650)
    recording_days: int = Field(default=365, ge=1, le=3650)
    webhook_private_hosts: tuple[str, ...] = ()
    backup_dir: Path | None = None
    blobs_url: str = Field(default="", pattern=r"^(s3://[a-z0-9][a-z0-9.-]+(/[A-Za-z0-9._/-]*)?)?$")
    blobs_endpoint: str = ""
    blobs_region: str = "us-east-1"
    blobs_credentials_file: Path | None = None
    blobs_cache_mib: int = Field(default=2048, ge=0, le=10_000_000)
    max_requests_per_s: int = Field(default=500, ge=1, le=100_000)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    def resolved_database_url(self) -> str:
        """The database URL, SQLite in `state_dir` by default."""
        return self.database_url or f"sqlite:///{self.state_dir.absolute() / 'hub.db'}"


def load_hub_config(path: Path) -> HubConfig:
    """Read hub.toml.

    Raises:
        HubConfigError: missing, no TOML, an unknown key or a value out of range.
    """
    try:
        data = tomllib.loads(path.read_text())
    except OSError as err:
        raise HubConfigError(
            f"{path} cannot be read: {err.strerror}", hint="copy deploy/hub.example.toml there"
        ) from err
    except tomllib.TOMLDecodeError as err:
        raise HubConfigError(f"{path}: {err}", hint="mend the line it names") from err
    try:
        return HubConfig.model_validate(data)
    except ValidationError as err:
        first = err.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise HubConfigError(
            f"{path}: {key} = {first['input']!r}: {first['msg']}", hint="see trainer/README.md"
        ) from err
