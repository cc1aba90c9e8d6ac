"""Dotted element paths ("participant.actor"), read from a resource; arrays are passed through."""

from typing import TypeAlias

from profiles.resource import Json, Resource

Path: TypeAlias = tuple[str, ...]


def parse_path(text: str) -> Path:
    """``"participant.actor"`` as a path."""
    return tuple(text.split("."))


def values(resource: Resource, path: Path) -> list[Json]:
    """Everything found at ``path``, in document order; empty when there is nothing."""
    found: list[Json] = [resource]
    for name in path:
        step: list[Json] = []
        for parent in found:
            if isinstance(parent, dict) and (child := parent.get(name)) is not None:
                if isinstance(child, list):
                    step.extend(child)
                else:
                    step.append(child)
        if not step:
            return step
        found = step
    return found
