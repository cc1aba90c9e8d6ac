"""Telling others of what was written: topics, what a Subscription asks for, where it may be sent, what is sent.

The deliverer (``hub/deliverer``) does the sending; what it shows is judged and recorded by the way out.
"""

from hub.notify.messages import Message
from hub.notify.reading import read_subscription
from hub.notify.subscribed import Subscribed
from hub.notify.targets import BadTarget, Networks, Target, judge, networks, target_of
from hub.notify.topics import TOPICS, Topic

__all__ = [
    "TOPICS",
    "BadTarget",
    "Message",
    "Networks",
    "Subscribed",
    "Target",
    "Topic",
    "judge",
    "networks",
    "read_subscription",
    "target_of",
]
