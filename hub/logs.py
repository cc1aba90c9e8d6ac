"""What the process writes about itself: times, request ids, tracebacks; never the values that it worked on.

A traceback with its local variables would put health data into a file that nobody guards, so tracebacks are
plain, and the engine hides the parameters of a failed statement (``hub.store.database``).
"""

from typing import Literal

import structlog


def configure_logs(log_format: Literal["text", "json"]) -> None:
    """Set the form of log lines for this process."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    plain: list[structlog.typing.Processor] = [structlog.processors.format_exc_info] if log_format == "json" else []
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *plain,
            renderer,
        ]
    )
