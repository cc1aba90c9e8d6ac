"""What tests of subscriptions share: a hub that may call back to this machine, somebody there, and the postman."""

from collections.abc import Iterator

import pytest

from tests.hub_in_test import City
from tests.receiver_in_test import Post, Receiver, receiver


@pytest.fixture
def there() -> Iterator[Receiver]:
    """The endpoint of a subscription, on this machine."""
    with receiver() as here:
        yield here


@pytest.fixture
def post(city: City) -> Iterator[Post]:
    """Delivers what the hub has to tell, when the test says so."""
    one = Post(city)
    yield one
    one.close()
