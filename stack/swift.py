"""Swift with its S3 protocol: it refuses wrong, late and anonymous requests, as Amazon does; moto does not.

From Debian's python3-swift alone, whose packages of servers would start them at the machine's own ports: four processes
on loopback ports, with devices and configuration in one folder.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

SERVERS = ("account", "container", "object", "proxy")
# Debian's own, which has the modules of Debian's packages.
PYTHON = "/usr/bin/python3"
MODULES = Path("/usr/lib/python3/dist-packages/swift")

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
swift_hash_path_suffix = videolib
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
user_videolib_library = {secret} .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
"""


@dataclass(frozen=True)
class Swift:
    """Where it answers, and who may do everything there."""

    endpoint: str
    secret_key: str
    access_key: str = "videolib:library"
    region: str = "us-east-1"

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
    """Whether the commands below would find what they need."""
    return MODULES.is_dir() and Path(PYTHON).exists()


def configure(folder: Path, ports: Mapping[str, int], secret_key: str, *, user: str) -> Swift:
    """Write all that the servers, running as `user`, read; what lies on their device stays. CalledProcessError."""
    swift = Swift(f"http://127.0.0.1:{ports['proxy']}", secret_key)
    more = {"user": user, "folder": folder, "region": swift.region, "secret": secret_key}
    (folder / "devices" / "disk").mkdir(parents=True, exist_ok=True)
    (folder / "swift.conf").write_text(COMMON)
    (folder / "forgetful.py").write_text(FORGETFUL)
    for name in SERVERS:
        text = SERVER + (PROXY if name == "proxy" else STORE)
        (folder / f"{name}.conf").write_text(text.format(name=name, port=ports[name], **more))
    rings = [str(ports[name]) for name in SERVERS[:3]]
    subprocess.run([PYTHON, "-c", RINGS, str(folder), *rings], cwd=folder, env=environment(folder), check=True)
    return swift


def command(folder: Path, name: str) -> tuple[str, ...]:
    """What starts one of SERVERS."""
    return (PYTHON, "-c", SERVE, str(folder), name)


def environment(folder: Path) -> dict[str, str]:
    """Of all of them."""
    return {"LC_ALL": "C.UTF-8", "PYTHONPATH": str(folder)}


def answers(port: int) -> bool:
    """Whether the server at that port has begun: then it answers whatever it is asked."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        with suppress(OSError, HTTPException):
            connection.request("GET", "/healthcheck")
            connection.getresponse()
            return True
        return False
