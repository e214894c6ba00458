"""Swift with its S3 protocol, of our own for the tests: it refuses wrong, late and anonymous requests; moto does not.

From Debian's python3-swift alone, whose packages of servers would start them at the machine's own ports: four processes
on loopback ports, with devices and configuration in a temporary folder.
"""

from __future__ import annotations

import atexit
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

# Debian's own, which has the modules of Debian's packages.
PYTHON = "/usr/bin/python3"
MODULES = Path("/usr/lib/python3/dist-packages/swift")
# It writes as somebody who owns nothing else.
USER = "nobody" if os.geteuid() == 0 else None
START_SECONDS = 30

# Its swift.conf is looked for in /etc unless it is told before it starts.
SERVE = """
import sys
from swift.common import utils, wsgi
folder, name = sys.argv[1:]
utils.set_swift_dir(folder)
sys.exit(wsgi.run_wsgi(f"{folder}/{name}.conf", f"{name}-server", verbose=True))
"""
RINGS = """
import sys
from swift.common.ring import RingBuilder
folder, *ports = sys.argv[1:]
for name, port in zip(("account", "container", "object"), ports):
    ring = RingBuilder(part_power=2, replicas=1, min_part_hours=0)
    ring.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "disk", "weight": 1})
    ring.rebalance()
    ring.get_ring().save(f"{folder}/{name}.ring.gz")
"""
# The proxy insists on a memcache; one that remembers nothing will do, and leaves nothing stale.
FORGETFUL = """
class Forgetful:
    def get(self, *args, **options):
        return None
    set = delete = incr = decr = get

def filter_factory(*args, **options):
    def add(app):
        def call(environ, start_response):
            environ["swift.cache"] = Forgetful()
            return app(environ, start_response)
        return call
    return add
"""
COMMON = """
[swift-hash]
swift_hash_path_suffix = tests
[swift-constraints]
"""
SERVER = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
fallocate_reserve = 0
disable_fallocate = true
log_address = {folder}/no-log
log_level = ERROR
"""
# The smallest that serves.
STORE = """
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
"""
# What `manage.py setup_bucket` says has to be set for such a service, for pages of any origin.
PROXY = """
cors_allow_origin = *
cors_preflight_allow_origin = *
cors_expose_headers = Content-Range, Content-Length, Accept-Ranges, ETag
[pipeline:main]
pipeline = catch_errors forgetful s3api tempauth bulk slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:forgetful]
paste.filter_factory = forgetful:filter_factory
[filter:s3api]
use = egg:swift#s3api
location = {region}
[filter:tempauth]
use = egg:swift#tempauth
user_videolib_tests = {secret} .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
"""


@dataclass(frozen=True)
class Swift:
    """Where it answers, and who may do everything there."""

    endpoint: str
    region: str = "us-east-1"
    access_key: str = "videolib:tests"
    secret_key: str = "worthless"

    def settings(self, bucket: str) -> dict[str, str]:
        """The environment of a library that keeps its media there."""
        return {
            "S3_BUCKET": bucket,
            "S3_ENDPOINT_URL": self.endpoint,
            "S3_REGION": self.region,
            "S3_ACCESS_KEY_ID": self.access_key,
            "S3_SECRET_ACCESS_KEY": self.secret_key,
        }


def is_installed() -> bool:
    """Whether `start` would find what it needs."""
    return MODULES.is_dir() and Path(PYTHON).exists()


def start() -> tuple[Swift, Callable[[], None]]:
    """A Swift that answers; and what stops it, at the latest at the end of this process."""
    folder = Path(tempfile.mkdtemp(prefix="videolib-swift-"))
    ports = _free_ports("account", "container", "object", "proxy")
    swift = Swift(f"http://127.0.0.1:{ports['proxy']}")
    _write_configuration(folder, ports, swift)
    servers = [_run(folder, SERVE, str(folder), name) for name in ports]
    owner = os.getpid()

    def stop() -> None:
        if os.getpid() != owner:  # in a child that was forked from us
            return
        for server in servers:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    for port in ports.values():
        _wait_for(port, folder)
    return swift, stop


def _free_ports(*names: str) -> dict[str, int]:
    with ExitStack() as stack:
        probes = {name: stack.enter_context(socket.socket()) for name in names}
        for probe in probes.values():
            probe.bind(("127.0.0.1", 0))
        return {name: probe.getsockname()[1] for name, probe in probes.items()}


def _write_configuration(folder: Path, ports: dict[str, int], swift: Swift) -> None:
    more = {"user": USER or getpass.getuser(), "folder": folder, "region": swift.region, "secret": swift.secret_key}
    (folder / "swift.conf").write_text(COMMON)
    (folder / "forgetful.py").write_text(FORGETFUL)
    for name, port in ports.items():
        text = SERVER + (PROXY if name == "proxy" else STORE)
        (folder / f"{name}.conf").write_text(text.format(name=name, port=port, **more))
    (folder / "devices" / "disk").mkdir(parents=True)
    for path in (folder, *folder.rglob("*")):
        if USER:
            shutil.chown(path, USER)
    rings = [str(ports[name]) for name in ("account", "container", "object")]
    if _run(folder, RINGS, str(folder), *rings).wait():
        raise SystemExit(f"Swift's rings could not be made: {(folder / 'log').read_text()}")


def _run(folder: Path, program: str, *arguments: str) -> subprocess.Popen[bytes]:
    with (folder / "log").open("ab") as log:
        command = [PYTHON, "-c", program, *arguments]
        environment = {"LC_ALL": "C.UTF-8", "PYTHONPATH": str(folder)}
        return subprocess.Popen(command, cwd=folder, user=USER, env=environment, stdout=log, stderr=log)


def _wait_for(port: int, folder: Path) -> None:
    """A server answers whatever it is asked once it has begun."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            with suppress(OSError, HTTPException):
                connection.request("GET", "/healthcheck")
                connection.getresponse()
                return
            time.sleep(0.05)
    raise SystemExit(f"Swift did not start: {(folder / 'log').read_text()}")
