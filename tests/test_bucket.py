"""A library whose media lie in a bucket that browsers do not reach, from the environment alone: taken in, worked on,
served by our own view. One that they do reach: tests/browser/test_bucket.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

ROOT = Path(__file__).resolve().parent.parent
BUCKET = "videolib-media"
# Signed in as the owner: the playlist, a closed range out of the middle, the poster; then somebody else asks.
FETCH = """
import json
from django.test import Client
from videolib.accounts.models import User
backend = "allauth.account.auth_backends.AuthenticationBackend"
def client_of(email):
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(email=email), backend=backend)
    return client
owner, stranger = client_of("owner@example.com"), client_of("stranger@example.com")
clip = "/clips/CODE/"
main = owner.get(clip + "main.m3u8").content.decode()
playlist = next(line for line in main.splitlines() if line.endswith(".m3u8"))
media = clip + playlist.replace(".m3u8", ".mp4")
whole = b"".join(owner.get(media))
part = owner.get(media, headers={"range": "bytes=100-299"})
print(json.dumps({
    "bytes": len(whole), "status": part.status_code, "same": b"".join(part) == whole[100:300],
    "poster": b"".join(owner.get(clip + "poster.jpg"))[:2].hex(),
    "stranger": [stranger.get(one).status_code for one in (media, clip + "main.m3u8", clip + "poster.jpg")],
}))
"""
pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]


@pytest.fixture
def bucket() -> Iterator[Any]:
    """A bucket on a real S3 protocol over a loopback socket; `.meta.client.meta.endpoint_url` is its address."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    yield boto3.resource("s3", endpoint_url=f"http://{host}:{port}", **keys).create_bucket(Bucket=BUCKET)
    server.stop()


@pytest.fixture
def manage(bucket: Any, tmp_path: Path) -> Callable[..., str]:
    """`manage("migrate")`: a command on a library that keeps its media in that bucket; what it said."""
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "BROKER_URL")},
        "VIDEOLIB_DATA": str(tmp_path / "library"),
        "S3_BUCKET": BUCKET,
        "S3_ENDPOINT_URL": bucket.meta.client.meta.endpoint_url,
        "S3_PUBLIC_ENDPOINT_URL": "none",
        "S3_ACCESS_KEY_ID": "key",
        "S3_SECRET_ACCESS_KEY": "secret",
        "SPEECH_ENGINE": "none",
        "SCREEN_ENGINE": "none",
    }

    def run(*arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two seconds of a moving picture."""
    from imageio_ffmpeg import get_ffmpeg_exe

    path = tmp_path / "how to.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=15:duration=2"]
    subprocess.run([get_ffmpeg_exe(), "-loglevel", "error", *picture, "-pix_fmt", "yuv420p", path], check=True)
    return path


def test_media_lie_in_the_bucket_and_reach_only_who_may_see_them(
    manage: Callable[..., str], bucket: Any, recording: Path, tmp_path: Path
) -> None:
    manage("migrate", "-v", "0")
    for email in ("owner@example.com", "stranger@example.com"):
        manage("create_user", email, "--role", "contributor")
    taken = json.loads(manage("import_clips", str(recording), "--owner", "owner@example.com", "--wait", "--json"))
    assert (taken["state"], taken["warnings"]) == ("ready", [])

    keys = [stored.key for stored in bucket.objects.all()]
    assert any(key.startswith("originals/") for key in keys)
    assert any(key.startswith("recordings/") and key.endswith(".mp4") for key in keys)
    assert [path for path in (tmp_path / "library").rglob("*") if path.suffix in {".mp4", ".jpg"}] == []
    assert recording.exists()

    seen = json.loads(manage("shell", "--no-imports", "-c", FETCH.replace("CODE", taken["code"])).splitlines()[-1])
    assert seen["bytes"] > 1000
    assert (seen["status"], seen["same"], seen["poster"]) == (206, True, "ffd8")
    assert seen["stranger"] == [404, 404, 404]
