"""The command ``renkei``: every operator's task, one function each."""

from hub.cli.main import main

__all__ = ["main"]
