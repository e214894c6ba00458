"""What all web servers count together: in the broker, where it speaks Redis' protocol. Only limits are kept there."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = logging.getLogger(__name__)

# Whoever signs in or searches does not wait for a silent broker, and the next ones do not even ask it: seconds.
SILENCE = 0.5
LEFT_ALONE = 10.0


class SharedCache(RedisCache):
    """Django's cache in Redis or Valkey. While it is away, each process counts for itself: nobody is turned away."""

    _left_alone_until = 0.0

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        patience = {"socket_connect_timeout": SILENCE, "socket_timeout": SILENCE}
        # One more try, at once: the connection may be of a broker that was restarted since.
        options = {**patience, "retry": Retry(NoBackoff(), 1), **params.get("OPTIONS", {})}
        super().__init__(server, {**params, "OPTIONS": options})
        self._own = LocMemCache("shared cache", params)

    def add(self, key: Any, value: Any, *args: Any, **options: Any) -> bool:
        """See Django."""
        return bool(self._ask("add", key, value, *args, **options))

    def get(self, key: Any, *args: Any, **options: Any) -> Any:
        """See Django."""
        return self._ask("get", key, *args, **options)

    def set(self, key: Any, value: Any, *args: Any, **options: Any) -> None:
        """See Django."""
        self._ask("set", key, value, *args, **options)

    def delete(self, key: Any, *args: Any, **options: Any) -> bool:
        """See Django."""
        return bool(self._ask("delete", key, *args, **options))

    def incr(self, key: Any, *args: Any, **options: Any) -> int:
        """See Django; ValueError where there is no such key."""
        return int(self._ask("incr", key, *args, **options))

    def _ask(self, what: str, *args: Any, **options: Any) -> Any:
        if time.monotonic() >= SharedCache._left_alone_until:
            try:
                return getattr(super(), what)(*args, **options)
            except RedisError as error:
                SharedCache._left_alone_until = time.monotonic() + LEFT_ALONE
                log.warning("limits are counted by each process for itself, the broker does not answer: %s", error)
        return getattr(self._own, what)(*args, **options)
