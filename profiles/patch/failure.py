"""The one way in which a patch can go wrong."""


class PatchFailed(ValueError):
    """A patch that is not well formed, or that does not apply to the resource; the text says why."""
