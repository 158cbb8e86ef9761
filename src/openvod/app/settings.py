"""Settings, by precedence: environment ``OPENVOD__A__B``, file ``openvod.toml`` of the data folder, defaults."""

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

from openvod.adapters.sandbox.policy import ALL_WALLS, Wall

CONFIG_FILE = "openvod.toml"


#: A path that becomes absolute when it is read, because child processes have other working directories.
AbsolutePath = Annotated[Path, AfterValidator(Path.absolute)]


def _secret(value: SecretStr, info: SerializationInfo) -> str:
    reveal = info.context and info.context.get("reveal_secrets")
    return value.get_secret_value() if reveal else str(value)


Secret = Annotated[SecretStr, PlainSerializer(_secret, when_used="json")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _loopback() -> list[IPv4Network | IPv6Network]:
    return [IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")]


class ServerSettings(_Section):
    """The HTTP server."""

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for all.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 chooses a free one.")
    public_url: str = Field("", description="Base of generated URLs; empty: http://HOST:PORT of the listener.")
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
        500.0, ge=0, description="Least bytes/s of a request body, averaged over the stall time-out; 0: no limit."
    )
    head_seconds: float = Field(20.0, gt=0, description="Time-out of a request head in seconds.")
    idle_seconds: int = Field(
        75,
        ge=1,
        description="Seconds without a request, or without progress of a response, after which a connection is closed.",
    )
    connections: int = Field(
        0,
        ge=0,
        description="Most concurrent connections; 0: as the limit of open files allows (`openvod doctor` shows it).",
    )
    connections_per_address: int = Field(
        256, ge=1, description="Most concurrent connections per address, at most half of all; proxies are exempt."
    )
    operator_connections: int = Field(16, ge=0, description="Connections reserved for the operator's networks.")
    operator_networks: list[IPvAnyNetwork] = Field(
        default_factory=_loopback,
        description="Networks of the operator and of health checks, a JSON list; without a limit per address.",
    )
    drain_seconds: float = Field(
        20.0, ge=0, description="Seconds that a shutdown waits for running requests after SIGTERM."
    )


class DatabaseSettings(_Section):
    """The database."""

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
        5.0, ge=2, le=120, description="Time-out of opening a connection to PostgreSQL, in seconds."
    )
    statement_seconds: float = Field(
        30.0,
        ge=1,
        le=3600,
        description="Time-out of a statement in PostgreSQL, and of a server that does not answer, in seconds.",
    )
    lock_seconds: float = Field(10.0, ge=0.1, le=3600, description="Time-out of a wait for a row lock, in seconds.")
    retry_seconds: float = Field(
        10.0,
        ge=0,
        le=600,
        description="Seconds for which transactions that had no effect are retried while PostgreSQL is unavailable.",
    )


class StorageSettings(_Section):
    """The blob store."""

    url: Secret = Field(
        SecretStr(""), description="Where blobs live: file:///absolute/path; empty: `blobs` in the data folder."
    )
    threads: int = Field(4, ge=1, le=64, description="Worker threads that hash and write.")
    reserve_bytes: int = Field(64 * 1024**2, ge=0, description="Bytes of disk space that uploads leave free.")
    quarantine_days: float = Field(
        7.0, ge=0, description="Days that unreferenced files are quarantined before they are deleted."
    )
    direct_io: bool = Field(True, description="Fast uploads bypass the page cache if the file system supports it.")


class ClientSettings(_Section):
    """Hosts in responses to clients; ``{bucket}`` is replaced by the bucket's name."""

    control_plane_host: str = Field("", description="`domain` of Apply; empty: the host of the request.")
    storage_upload_domain: str = Field("", description="`storageUploadDomain` (Android, iOS); empty: left out.")
    mini_program_accelerate_host: str = Field("", description="`MiniProgramAccelerateHost`; empty: left out.")
    cos_acc_domain: str = Field("", description="Domain in `cosAcc` (older iOS); empty: left out.")


class PlaybackSettings(_Section):
    """Media delivery."""

    media_url: str = Field("", description="Base of media URLs, a separate origin; empty: the public URL.")
    accel: Literal["", "x-accel-redirect", "x-sendfile"] = Field(
        "", description="Header that makes the web server in front send a file; empty: OpenVOD sends files itself."
    )
    accel_prefix: str = Field("/blobs/", description="Location of the data folder's `blobs`, for x-accel-redirect.")


class ProbeSettings(_Section):
    """Limits of the media probe."""

    timeout_seconds: float = Field(20.0, gt=0, description="Time-out of one file in seconds.")


class TaskSettings(_Section):
    """Task flows."""

    workers: int = Field(1, ge=0, le=64, description="Workers that `openvod serve` runs in its own process tree.")
    flows: int = Field(4, ge=1, le=256, description="Most concurrent flows per worker.")
    encode_jobs: int = Field(1, ge=1, le=64, description="Most concurrent encoding jobs per worker.")
    light_jobs: int = Field(2, ge=1, le=64, description="Most concurrent snapshot and remux jobs per worker.")
    review_jobs: int = Field(1, ge=1, le=64, description="Most concurrent review jobs per worker.")
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower"] = Field(
        "veryfast", description="Preset of x264 and x265: slower ones look better at the same size."
    )
    memory_bytes: int = Field(
        6 * 1024**3, ge=256 * 1024**2, description="Most address space of one media program in bytes."
    )
    stall_seconds: float = Field(
        120.0, gt=0, description="Seconds without progress after which a media program is killed."
    )
    max_pixels: int = Field(
        8192 * 8192, ge=1, description="Most pixels of a source's picture; larger sources are refused."
    )
    max_seconds: float = Field(
        24 * 3600.0, gt=0, description="Longest duration of a source in seconds; longer sources are refused."
    )
    reviewers: dict[str, str] = Field(
        default_factory=lambda: {"Porn": "openvod.adapters.opennsfw.reviewer:OpenNsfwReviewer"},
        description="Reviewers by topic (Porn, Terror, Polity), each as `module:Class`; a JSON object.",
    )
    hold_blocked: bool = Field(False, description="Withdraw a file from playback when a review blocks it.")


class SandboxSettings(_Section):
    """The sandbox of the programs that read uploaded files."""

    walls: list[Wall] = Field(
        default_factory=lambda: sorted(ALL_WALLS),
        description="Walls around programs that read uploaded files, a JSON list; `openvod doctor` shows which stand.",
    )
    required: bool = Field(False, description="Refuse to start unless all three walls stand.")
    readable: list[AbsolutePath] = Field(
        default_factory=list,
        description="Folders that FFmpeg may read and execute besides those of the system, a JSON list.",
    )


class EventSettings(_Section):
    """Delivery and retention of events."""

    allow_private: list[IPvAnyNetwork] | None = Field(
        None,
        description="Private networks to which events may be sent and from which files may be fetched, a JSON list; "
        "empty: loopback if the server listens on loopback only, otherwise none.",
    )
    keep_days: float = Field(
        90.0, ge=0, description="Days after which events are deleted, once every endpoint has received them; 0: never."
    )


class PullUploadSettings(_Section):
    """Downloads of PullUpload; ``events.allow_private`` also applies to them."""

    jobs: int = Field(2, ge=1, le=64, description="Most concurrent downloads.")
    max_bytes: int = Field(50 * 1024**3, ge=1, description="Largest file in bytes; larger ones are not downloaded.")
    max_seconds: float = Field(
        86_400.0, gt=0, description="Time-out of one file in seconds, including cover and retries."
    )
    stall_seconds: float = Field(30.0, gt=0, description="Seconds without data after which a download fails.")


class LogSettings(_Section):
    """Logs of server and workers."""

    format: Literal["text", "json"] = Field(
        "text", description="Format of log records: a line of text (text), or a line with a JSON object (json)."
    )
    stall_seconds: float = Field(
        0.1,
        ge=0,
        description="Seconds after which a call that blocks the event loop is logged with its stack; 0: never.",
    )


class ConsoleSettings(_Section):
    """Sessions of the console."""

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
    sandbox: SandboxSettings = SandboxSettings()
    events: EventSettings = EventSettings()
    pulls: PullUploadSettings = PullUploadSettings()
    console: ConsoleSettings = ConsoleSettings()
    log: LogSettings = LogSettings()

    def with_server(self, **changes: Any) -> Self:
        """Return a copy with changes in the server's section."""
        return self.model_copy(update={"server": self.server.model_copy(update=changes)})

    def to_child_json(self) -> str:
        """Return all settings, including secrets, as JSON for a child process; see :func:`received_settings`."""
        return self.model_dump_json(context={"reveal_secrets": True})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources in order of precedence: environment before file."""
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
