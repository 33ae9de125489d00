"""Settings of the server: one root, in groups, from the environment (`SEALANE_DATA`, `SEALANE_HTTP__PORT` …).

Two underscores lead into a group. The command line tool without a server needs none of them.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from sealane import paths
from sealane.settings.connections import Access, Egress, Git, Http, Registry
from sealane.settings.group import Placed
from sealane.settings.work import Engine, Events, Helm, Log, Metrics, Runs, Secrets, Steps, Worker

_SQLITE = "sqlite:///"


class Settings(Placed, BaseSettings):
    """All settings of `sealane serve`."""

    model_config = SettingsConfigDict(
        env_prefix="SEALANE_",
        env_nested_delimiter="__",
        extra="ignore",
        use_attribute_docstrings=True,
        hide_input_in_errors=True,  # some of it is secret
    )

    data: Path = Path("sealane-data")
    """Folder for all data of the server: database, key, repositories, logs. Back it up."""

    config: Path | None = None
    """Folder that holds `environments/*.yaml`, the operators' files. None: `config` in the data folder."""

    database: str | None = None
    """URL of a PostgreSQL database, `postgresql://user@host/name`, for more than one worker. None: SQLite in the data
    folder, which serves one process."""

    key: SecretStr | None = None
    """Key that signs cookies and makes hook secrets, at least 32 characters. None: made at first start and kept in
    the data folder; several machines on one database must be given the same."""

    http: Http = Field(default_factory=Http)
    access: Access = Field(default_factory=Access)
    git: Git = Field(default_factory=Git)
    registry: Registry = Field(default_factory=Registry)
    egress: Egress = Field(default_factory=Egress)
    runs: Runs = Field(default_factory=Runs)
    worker: Worker = Field(default_factory=Worker)
    events: Events = Field(default_factory=Events)
    metrics: Metrics = Field(default_factory=Metrics)
    engine: Engine = Field(default_factory=Engine)
    helm: Helm = Field(default_factory=Helm)
    steps: Steps = Field(default_factory=Steps)
    secrets: Secrets = Field(default_factory=Secrets)
    log: Log = Field(default_factory=Log)

    @field_validator("database")
    @classmethod
    def _known_database(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("postgresql://", _SQLITE)):
            message = "must begin with postgresql:// (or sqlite:/// and a path)"
            raise ValueError(message)
        if url is not None and url.startswith(_SQLITE):
            return f"{_SQLITE}{paths.absolute(url.removeprefix(_SQLITE))}"
        return url

    @field_validator("key")
    @classmethod
    def _long_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < 32:
            message = "is shorter than 32 characters; make one with: openssl rand -hex 32"
            raise ValueError(message)
        return key

    @property
    def config_folder(self) -> Path:
        """The folder that holds `environments/`."""
        return self.config or self.data / "config"

    @property
    def folders(self) -> tuple[Path, ...]:
        """The server's own folders, whose paths are not shown to users."""
        return (self.data, self.config_folder, self.identities)

    @property
    def repositories(self) -> Path:
        """The bare repositories that Sealane serves itself."""
        return self.data / "repositories"

    @property
    def identities(self) -> Path:
        """The folder with the apps' age identities."""
        return self.secrets.identities or self.data

    @property
    def logs(self) -> Path:
        """The folder with the output of steps."""
        return self.data / "logs"

    @property
    def bundles(self) -> Path:
        """The folder with uploaded bundles."""
        return self.data / "bundles"

    @property
    def workspaces(self) -> Path:
        """The clones that runs work in."""
        return self.data / "workspaces"

    @property
    def public_url(self) -> str:
        """The address people use."""
        if self.http.url:
            return self.http.url
        host = "127.0.0.1" if self.http.host in {"0.0.0.0", "::"} else self.http.host  # noqa: S104 - compared only
        return f"http://{host}:{self.http.port}"

    @property
    def store_url(self) -> str:
        """URL of the database with Sealane's own tables."""
        return self.database or f"{_SQLITE}{self.data / 'sealane.db'}"

    @property
    def flows_url(self) -> str:
        """URL of the workflow engine's tables: the same PostgreSQL database, or a SQLite file of its own."""
        if self.store_url.startswith("sqlite:"):
            return self.store_url.removesuffix(".db") + "-flows.db"
        return self.store_url
