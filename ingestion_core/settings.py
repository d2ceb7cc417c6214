"""The settings: one class, read lazily, never when a module is imported."""

import functools

from pydantic import (
    Field,
    HttpUrl,
    SecretStr,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingestion_core.credentials import Identity
from ingestion_core.errors import Unprepared


class Settings(BaseSettings):
    """What can be set, by environment variable or application setting of the same name."""

    model_config = SettingsConfigDict(
        case_sensitive=False,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        env_ignore_empty=True,
    )

    database_url: SecretStr = Field(
        description="The product's database: a libpq URL, or the ADO.NET form the product uses"
    )
    database_credential: Identity | None = Field(
        default=None,
        description="Instead of a password in DATABASE_URL: managedidentity, or default",
    )
    database_client_id: str | None = Field(
        default=None, description="Which of several identities it is"
    )
    azurewebjobsstorage: SecretStr | None = Field(
        default=None,
        alias="AzureWebJobsStorage",
        description="Connection string of the Storage account whose queues carry the work",
    )
    storage_queues: str | None = Field(
        default=None,
        alias="AzureWebJobsStorage__queueServiceUri",
        description="Instead of a connection string: the address of the account's queues",
    )
    storage_blobs: str | None = Field(
        default=None,
        alias="AzureWebJobsStorage__blobServiceUri",
        description="The same of its blobs",
    )
    storage_credential: Identity = Field(
        default="default",
        alias="AzureWebJobsStorage__credential",
        description="Who we are there: managedidentity, or default",
    )
    storage_client_id: str | None = Field(
        default=None,
        alias="AzureWebJobsStorage__clientId",
        description="Which of several identities it is",
    )
    discovery_schedule: str = Field(
        default="0 */15 * * * *",
        description="When the timer looks for meetings: six-field NCRONTAB, UTC",
    )
    openf1_base_url: str = Field(
        default="https://api.openf1.org",
        description="Where OpenF1 answers, without /v1",
    )
    openf1_requests_per_minute: float = Field(
        default=30, gt=0, le=6000, description="OpenF1's limit: 30 free, 60 for sponsors"
    )
    openf1_username: str | None = Field(
        default=None, description="A sponsor's login; without one, live sessions lock us out"
    )
    openf1_password: SecretStr | None = Field(default=None, description="The login's password")
    openf1_timeout_seconds: float = Field(
        default=20, gt=0, le=120, description="How long one request to OpenF1 may take"
    )
    archive_url: SecretStr | None = Field(
        default=None,
        description="The Ergast archive: a folder, a file (.zip, .sql, .sql.gz), an https address"
        " or blob:container/name in the Storage account",
    )
    thirdturn_enabled: bool = Field(
        default=False,
        description="Opt in to The Third Turn, a wiki under a non-commercial licence; needs"
        " WIKI_CONTACT",
    )
    wiki_contact: str | None = Field(
        default=None,
        pattern=r"^[!-'*-~]+( [!-'*-~]+)*$",
        max_length=200,
        description="Whom the wiki can turn to, in every request: an address of mail or web",
    )
    thirdturn_base_url: str = Field(
        default="https://www.thethirdturn.com",
        description="Where The Third Turn answers, without /wiki",
    )
    thirdturn_requests_per_minute: float = Field(
        default=20,
        gt=0,
        le=6000,
        description="The Third Turn's limit: its etiquette is one request per 3 s; only a replay"
        " takes more",
    )
    results_enabled: bool = Field(
        default=False, description="Opt in to results, which are spoilers"
    )
    results_embargo_hours: float = Field(
        default=24, ge=0, le=24 * 365, description="How long after its end a session has no results"
    )
    database_timeout_seconds: float = Field(
        default=30, gt=0, le=300, description="How long one SQL statement may take"
    )

    @field_validator("openf1_base_url", "thirdturn_base_url", "storage_queues", "storage_blobs")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            url = TypeAdapter(HttpUrl).validate_python(value)
        except ValidationError:
            raise ValueError("is no http or https address") from None
        if url.query or url.fragment:
            raise ValueError("must not have a query or a fragment")
        return value

    @model_validator(mode="after")
    def _storage_is_somewhere(self) -> "Settings":
        if self.azurewebjobsstorage is None and self.storage_queues is None:
            raise ValueError(
                "AzureWebJobsStorage: Field required, or AzureWebJobsStorage__queueServiceUri"
            )
        return self

    @model_validator(mode="after")
    def _login_is_whole(self) -> "Settings":
        # Half a login would open the gate during live sessions and then ask anonymously.
        if (self.openf1_username is None) != (self.openf1_password is None):
            raise ValueError("OPENF1_USERNAME and OPENF1_PASSWORD belong together")
        return self

    @model_validator(mode="after")
    def _wiki_can_reach_us(self) -> "Settings":
        if self.thirdturn_enabled and self.wiki_contact is None:
            raise ValueError("THIRDTURN_ENABLED needs WIKI_CONTACT: every request names it")
        return self


def names() -> list[str]:
    """Every setting under the name by which it is set."""
    return [field.alias or name.upper() for name, field in Settings.model_fields.items()]


@functools.cache
def settings() -> Settings:
    """The process's settings.

    Raises:
        Unprepared: a setting is missing or out of range; named, its value never shown.
    """
    try:
        return Settings.model_validate({})
    except ValidationError as error:
        named = "; ".join(
            _named(one["loc"], one["msg"])
            for one in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise Unprepared(f"settings: {named}") from None


def _named(location: tuple[int | str, ...], message: str) -> str:
    said = message.removeprefix("Value error, ")
    if not location:
        return said
    name = str(location[0])
    return f"{name if name in names() else name.upper()}: {said}"
