"""Settings from the environment: read once, checked at once, refused with a sentence that names the setting."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off", ""})


def text(name: str, default: str = "") -> str:
    """The setting as it stands, spaces around it dropped; an empty one counts as not set."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool) -> bool:
    """A yes or no setting: 1/0, true/false, yes/no, on/off."""
    raw = text(name, "1" if default else "0").lower()
    if raw not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name} is {raw!r}; set it to true or false.")
    return raw in TRUE


def whole(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """A whole number within `least` and `most`."""
    raw = text(name, str(default))
    if not (raw.isascii() and raw.removeprefix("-").isdigit()):
        raise ImproperlyConfigured(f"{name} is {raw!r}; set it to a whole number.")
    number = int(raw)
    if number < least or (most is not None and number > most):
        bounds = f"at least {least}" if most is None else f"from {least} to {most}"
        raise ImproperlyConfigured(f"{name} is {number}; set it to {bounds}.")
    return number


def words(name: str, default: str = "") -> list[str]:
    """A list, its items parted by commas or spaces."""
    return [word for word in text(name, default).replace(",", " ").split() if word]


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """One of `allowed`."""
    raw = text(name, default)
    if raw not in allowed:
        raise ImproperlyConfigured(f"{name} is {raw!r}; set it to one of {', '.join(allowed)}.")
    return raw


def url(name: str, default: str, schemes: tuple[str, ...]) -> SplitResult:
    """An address with one of `schemes`."""
    raw = text(name, default)
    try:
        parts = urlsplit(raw)
        is_right = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets or a port that are none
        is_right = False
    if not is_right:
        starts = " or ".join(f"{scheme}://" for scheme in schemes)
        # Not repeated: an address may hold a password, and this sentence ends in logs.
        raise ImproperlyConfigured(
            f"{name} is no address for it; set it to one that starts with {starts} and names a host."
        )
    return parts


def time_zone(name: str, default: str) -> str:
    """A zone's name, as in Europe/Rome."""
    raw = text(name, default)
    try:
        return ZoneInfo(raw).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ImproperlyConfigured(f"{name} is {raw!r}; set it to a time zone's name, as in Europe/Rome.") from error


def address(name: str, default: str) -> tuple[str, int]:
    """Where to listen: a host (an IPv6 one in brackets, as in an address bar), a colon and a port."""
    raw = text(name, default)
    host, colon, port = raw.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ImproperlyConfigured(f"{name} is {raw!r}; set it to a host and a port, as in {default}.")
    return host, int(port)


def secret(name: str, *, least: int) -> str:
    """What only two programs know, `least` characters at least; empty where it is not set."""
    raw = text(name)
    if raw and len(raw) < least:
        # Not repeated: this sentence ends in logs.
        raise ImproperlyConfigured(
            f"{name} is shorter than {least} characters; make one with openssl rand -hex 32, or leave it empty."
        )
    return raw


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """The secret kept in `path` (mode 0600), made on first use."""
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(make())
        # Linked whole: of two processes that make one at the same time the first wins, and nobody reads half of it.
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()


def data_folder(name: str, default: Path) -> Path:
    """The folder everything is kept in, made where it is missing.

    Made for nobody else's eyes: in it are sessions and private clips. One that is there keeps its mode: it may be a
    volume, or shared on purpose.
    """
    folder = Path(text(name, str(default))).expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name} is {str(folder)!r}, which cannot be made ({error.strerror}); name a folder you may write to."
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(f"{name} is {str(folder)!r}, which is not writable; name a folder you may write to.")
    return folder
