"""The city file (DESIGN §6): who belongs to the network, which systems push, what is shared with whom.

``read`` checks a file whole, ``difference`` says what applying it would change, ``apply`` does it.
"""

from hub.city.apply import apply, difference
from hub.city.file import BadCityFile, CityFile, read_city
from hub.city.watch import check_watch

__all__ = ["BadCityFile", "CityFile", "apply", "check_watch", "difference", "read_city"]
