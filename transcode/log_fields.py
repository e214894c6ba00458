"""What a line of the log is about, told once and not with every line: the recording and job at work, the clip that is
shown. Kept for each thread; the library's LOG_FORMAT decides whether it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

NOTHING: Mapping[str, str] = MappingProxyType({})

_fields: ContextVar[Mapping[str, str]] = ContextVar("log_fields", default=NOTHING)


def log_fields() -> Mapping[str, str]:
    """What is at work here and now."""
    return _fields.get()


@contextmanager
def logging_about(**fields: object) -> Iterator[None]:
    """Lines logged within are about these, and not about what those before were."""
    before = _fields.set(_as_text(fields))
    try:
        yield
    finally:
        _fields.reset(before)


def log_about(**fields: object) -> None:
    """Lines from here on are about these: for a request, which begins with `log_about_nothing`."""
    _fields.set({**_fields.get(), **_as_text(fields)})


def log_about_nothing() -> None:
    """What comes now has nothing to do with what went before."""
    _fields.set(NOTHING)


def _as_text(fields: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in fields.items()}
