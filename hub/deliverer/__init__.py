"""Step 11 of the way in: the outbox goes to those who subscribed.  A task beside the server; its state is in rows."""

from hub.deliverer.deliverer import Deliverer, delivering
from hub.deliverer.sender import Answer, Sender

__all__ = ["Answer", "Deliverer", "Sender", "delivering"]
