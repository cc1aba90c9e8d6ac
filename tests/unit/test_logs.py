"""No value that the hub works on may reach its log (TRUST T-173)."""

from typing import Literal

import pytest
import structlog

from hub.logs import configure_logs

FORMATS: list[Literal["text", "json"]] = ["text", "json"]


@pytest.mark.parametrize("log_format", FORMATS)
def test_a_traceback_is_logged_without_local_variables(
    log_format: Literal["text", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(log_format)
    body = "山田花子の秘密"
    try:
        raise ValueError(len(body))
    except ValueError:
        structlog.get_logger("renkei").exception("failed", request="r-1")
    printed = capsys.readouterr().out
    configure_logs("text")
    assert "r-1" in printed
    assert "ValueError" in printed
    assert "山田花子" not in printed
