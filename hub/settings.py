"""How this process was started: read once, passed down (STYLE §11)."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Environment ``RENKEI_*``; each has a line in docs/settings.md."""

    model_config = SettingsConfigDict(env_prefix="RENKEI_", frozen=True)

    max_body: int = 16 * 1024 * 1024
    log_format: Literal["text", "json"] = "text"
    behind_proxy: bool = False
    notify_every: float = 0.5
    notify_networks: str = ""
    export_slice: int = Field(default=250, ge=1, le=500)
    sweep_every: float = Field(default=60, ge=0)
    watch_every: float = Field(default=5, ge=0)
    keep_retries_days: int = Field(default=14, ge=7)
    rate_client: int = Field(default=6000, ge=0)
    rate_resident: int = Field(default=600, ge=0)
