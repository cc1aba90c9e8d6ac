"""How this process was started: read once, passed down (STYLE §11)."""

from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Environment ``RENKEI_*``; each has a line in docs/settings.md."""

    model_config = SettingsConfigDict(env_prefix="RENKEI_", frozen=True)

    max_body: int = 16 * 1024 * 1024
    log_format: Literal["text", "json"] = "text"
    behind_proxy: bool = False
