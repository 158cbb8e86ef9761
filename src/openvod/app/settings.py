"""Settings: environment ``OPENVOD__A__B`` over the file ``openvod.toml`` of the data folder over these defaults."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    PlainSerializer,
    SecretStr,
    SerializationInfo,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

CONFIG_FILE = "openvod.toml"


#: A path as the process that read it meant it: who gets it handed on may run in another folder.
AbsolutePath = Annotated[Path, AfterValidator(Path.absolute)]


def _secret(value: SecretStr, info: SerializationInfo) -> str:
    handed_on = info.context and info.context.get("handed_on")
    return value.get_secret_value() if handed_on else str(value)


Secret = Annotated[SecretStr, PlainSerializer(_secret, when_used="json")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _loopback() -> list[IPv4Network | IPv6Network]:
    return [IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")]


class ServerSettings(_Section):
    """How the front door listens."""

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for all.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 chooses a free one.")
    public_url: str = Field("", description="Base of the URLs handed out; empty: http://HOST:PORT of the listener.")
    tls_certificate: AbsolutePath | None = Field(
        None, description="PEM file with the certificate chain; turns HTTPS on."
    )
    tls_key: AbsolutePath | None = Field(None, description="PEM file with the private key.")
    trusted_proxies: list[IPvAnyNetwork] = Field(
        default_factory=list,
        description="Networks of proxies whose X-Forwarded-For and X-Forwarded-Proto count, a JSON list; empty: none.",
    )
    stall_seconds: float = Field(30.0, gt=0, description="Seconds without data after which a request body is refused.")
    body_bytes_per_second: float = Field(
        500.0, ge=0, description="A request body slower than this over the same time is refused; 0: none is."
    )
    head_seconds: float = Field(20.0, gt=0, description="Seconds that a request head may take.")
    idle_seconds: int = Field(
        75,
        ge=1,
        description="Seconds without a request, or without progress of an answer, before a connection is closed.",
    )
    connections: int = Field(
        0, ge=0, description="Connections at once; 0: what the limit of open files allows (`openvod doctor` shows it)."
    )
    connections_per_address: int = Field(
        256, ge=1, description="Connections of one address at once, and at most half of all; proxies are exempt."
    )
    operator_connections: int = Field(
        16, ge=0, description="Connections kept for the operator's networks when all others are taken."
    )
    operator_networks: list[IPvAnyNetwork] = Field(
        default_factory=_loopback,
        description="Networks of the operator and of probes, a JSON list; no bound per address holds for them.",
    )
    drain_seconds: float = Field(
        20.0, ge=0, description="Seconds that shutdown waits for running requests after SIGTERM."
    )


class DatabaseSettings(_Section):
    """Where metadata lives."""

    url: Secret = Field(
        SecretStr(""), description="SQLAlchemy URL such as postgresql+psycopg://…; empty: SQLite in the data folder."
    )
    connections: int = Field(8, ge=2, le=200, description="Connections of the server to PostgreSQL, and one for locks.")
    worker_connections: int = Field(
        4, ge=2, le=200, description="Connections of each worker to PostgreSQL, and one for its lock."
    )
    engine_connections: int = Field(
        5, ge=2, le=200, description="Connections of each worker's flow engine to PostgreSQL."
    )
    connect_seconds: float = Field(
        5.0, ge=2, le=120, description="Opening a connection to PostgreSQL takes at most this."
    )
    statement_seconds: float = Field(
        30.0,
        ge=1,
        le=3600,
        description="A statement that PostgreSQL works on for longer is ended; a silent server too.",
    )
    lock_seconds: float = Field(
        10.0, ge=0.1, le=3600, description="Seconds that a statement waits for a row lock at most."
    )
    retry_seconds: float = Field(
        10.0,
        ge=0,
        le=600,
        description="Seconds for which transactions that had no effect are retried while PostgreSQL is unavailable.",
    )


class StorageSettings(_Section):
    """Where bytes live and what stays free."""

    url: Secret = Field(
        SecretStr(""), description="Where blobs live: file:///absolute/path; empty: `blobs` in the data folder."
    )
    threads: int = Field(4, ge=1, le=64, description="Worker threads that hash and write.")
    reserve_bytes: int = Field(64 * 1024**2, ge=0, description="Free disk space that uploads never touch.")
    quarantine_days: float = Field(
        7.0, ge=0, description="Days that unreferenced files are quarantined before they are deleted."
    )
    direct_io: bool = Field(True, description="Fast uploads bypass the page cache where the file system allows it.")


class ClientSettings(_Section):
    """Hosts that responses name to clients; ``{bucket}`` stands for the bucket's name."""

    control_plane_host: str = Field("", description="`domain` of Apply; empty: the host of the request.")
    storage_upload_domain: str = Field("", description="`storageUploadDomain` (Android, iOS); empty: left out.")
    mini_program_accelerate_host: str = Field("", description="`MiniProgramAccelerateHost`; empty: left out.")
    cos_acc_domain: str = Field("", description="Domain in `cosAcc` (older iOS); empty: left out.")


class PlaybackSettings(_Section):
    """How media reaches players."""

    media_url: str = Field("", description="Base of media addresses, an origin of their own; empty: the public URL.")
    accel: Literal["", "x-accel-redirect", "x-sendfile"] = Field(
        "", description="Header that tells the web server in front which file to send; empty: files are sent here."
    )
    accel_prefix: str = Field("/blobs/", description="Location of the data folder's `blobs`, for x-accel-redirect.")


class ProbeSettings(_Section):
    """Limits of the media probe."""

    timeout_seconds: float = Field(20.0, gt=0, description="Wall time for one file.")


class TaskSettings(_Section):
    """How task flows run."""

    workers: int = Field(1, ge=0, le=64, description="Workers that `openvod serve` runs in its own process tree.")
    flows: int = Field(4, ge=1, le=256, description="Flows that one worker runs at the same time.")
    encode_jobs: int = Field(1, ge=1, le=64, description="Encoding jobs at once in one worker.")
    light_jobs: int = Field(2, ge=1, le=64, description="Snapshot and remux jobs at once in one worker.")
    review_jobs: int = Field(1, ge=1, le=64, description="Review jobs at once in one worker.")
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower"] = Field(
        "veryfast", description="Preset of x264 and x265: slower ones look better at the same size."
    )
    memory_bytes: int = Field(6 * 1024**3, ge=256 * 1024**2, description="Address space of one media program.")
    stall_seconds: float = Field(
        120.0, gt=0, description="Seconds without progress after which a media program is killed."
    )
    max_pixels: int = Field(8192 * 8192, ge=1, description="Sources with larger pictures are refused.")
    max_seconds: float = Field(24 * 3600.0, gt=0, description="Longer sources are refused.")
    reviewers: dict[str, str] = Field(
        default_factory=lambda: {"Porn": "openvod.adapters.opennsfw.reviewer:OpenNsfwReviewer"},
        description="Reviewers by topic (Porn, Terror, Polity), each as `module:Class`; a JSON object.",
    )
    hold_blocked: bool = Field(False, description="Take a file that a review blocks out of playback.")


class EventSettings(_Section):
    """Where events may be sent, and how long they are kept."""

    allow_private: list[IPvAnyNetwork] | None = Field(
        None,
        description="Networks besides the public internet that events go to and files are fetched from, a JSON list; "
        "empty: loopback for a server that is itself on loopback only, else none.",
    )
    keep_days: float = Field(
        90.0, ge=0, description="Older events are forgotten once every endpoint has got them; 0: never."
    )


class PullUploadSettings(_Section):
    """How files are fetched for PullUpload; where from, the events' section allows."""

    jobs: int = Field(2, ge=1, le=64, description="Files fetched at once.")
    max_bytes: int = Field(50 * 1024**3, ge=1, description="Larger files are not fetched.")
    max_seconds: float = Field(86_400.0, gt=0, description="Wall time for one file, cover and retries included.")
    stall_seconds: float = Field(30.0, gt=0, description="Seconds without data after which a download fails.")


class LogSettings(_Section):
    """How server and workers log."""

    format: Literal["text", "json"] = Field(
        "text", description="A line for each record (text), or a JSON object on each line (json)."
    )
    stall_seconds: float = Field(
        0.1, ge=0, description="What keeps the server's event loop busy for longer is logged with its place; 0: never."
    )


class ConsoleSettings(_Section):
    """How long people stay signed in to the console."""

    idle_seconds: float = Field(12 * 3600.0, ge=60, description="Seconds without use after which a session expires.")
    session_seconds: float = Field(7 * 86_400.0, ge=60, description="Seconds after which every session expires.")
    media_origins: list[str] = Field(
        default_factory=list,
        description="Origins besides the public URL that the console may show media from, a JSON list.",
    )


class Settings(BaseSettings):
    """All settings of ``openvod serve``."""

    model_config = SettingsConfigDict(env_prefix="OPENVOD__", env_nested_delimiter="__", extra="forbid")

    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    storage: StorageSettings = StorageSettings()
    clients: ClientSettings = ClientSettings()
    playback: PlaybackSettings = PlaybackSettings()
    probe: ProbeSettings = ProbeSettings()
    tasks: TaskSettings = TaskSettings()
    events: EventSettings = EventSettings()
    pulls: PullUploadSettings = PullUploadSettings()
    console: ConsoleSettings = ConsoleSettings()
    log: LogSettings = LogSettings()

    def with_server(self, **changes: Any) -> Self:
        """Return the settings with changes of the server's section."""
        return self.model_copy(update={"server": self.server.model_copy(update=changes)})

    def handed_on(self) -> str:
        """Return every setting, secrets included, for a process of the same tree; see :func:`received_settings`."""
        return self.model_dump_json(context={"handed_on": True})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment outranks the file."""
        return (init_settings, env_settings, _file_source(settings_cls))


_config_path: list[Path] = []


def _file_source(settings_cls: type[BaseSettings]) -> PydanticBaseSettingsSource:
    return TomlConfigSettingsSource(settings_cls, _config_path[0] if _config_path else None)


def load_settings(data_dir: Path) -> Settings:
    """Read the settings of a data folder."""
    _config_path[:] = [data_dir / CONFIG_FILE]
    try:
        return Settings()
    finally:
        _config_path.clear()


def received_settings(text: str) -> Settings:
    """Return the settings that the parent process passed on; environment and file are not read again."""
    return Settings.model_validate_json(text)
