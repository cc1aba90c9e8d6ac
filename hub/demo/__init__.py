"""The demo city 雪見市: what its systems push, made from the data in ``deploy/demo-city``.  Pure.

``read_demo`` takes the parsed files, ``pushes`` gives every request in order.  The city, its people and all numbers
are fictional.
"""

from hub.demo.chart import Demo
from hub.demo.push import Push, pushes, read_demo

__all__ = ["Demo", "Push", "pushes", "read_demo"]
