"""The settings: one class, read lazily, never when a module is imported."""

import functools

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

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
    azurewebjobsstorage: SecretStr = Field(
        alias="AzureWebJobsStorage",
        description="Connection string of the Storage account whose queues carry the work",
    )
    discovery_schedule: str = Field(
        default="0 */15 * * * *",
        description="When the timer looks for meetings: six-field NCRONTAB, UTC",
    )
    openf1_base_url: str = Field(
        default="https://api.openf1.org",
        pattern=r"^https?://[^/]+",
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
    database_timeout_seconds: float = Field(
        default=30, gt=0, le=300, description="How long one SQL statement may take"
    )


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
            f"{'.'.join(str(part) for part in one['loc']).upper()}: {one['msg']}"
            for one in error.errors(include_input=False, include_url=False)
        )
        raise Unprepared(f"settings: {named}") from None
