"""What the settings make of the environment together."""

from __future__ import annotations

import runpy
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests import SETTINGS_OF_THE_SHELL
from videolib.lib.bucket import BucketStorage
from videolib.lib.storage import Wanted

SETTINGS = Path(__file__).resolve().parents[2] / "videolib" / "settings.py"
FETCHED = ("img-src", "connect-src", "media-src")
PUBLIC = {"S3_PUBLIC_ENDPOINT_URL": "https://media.example.com"}
KEYS = {"S3_ACCESS_KEY_ID": "key", "S3_SECRET_ACCESS_KEY": "secret"}

Read = Callable[..., dict[str, Any]]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Read:
    """`read(SITE_URL="https://…")`: every setting, as a process reads them that starts with these alone."""

    def run(**environment: str) -> dict[str, Any]:
        for name in (*SETTINGS_OF_THE_SHELL, "S3_REGION"):
            monkeypatch.delenv(name, raising=False)
        for name, value in {"VIDEOLIB_DATA": str(tmp_path), **environment}.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(SETTINGS))

    return run


def test_a_proxy_is_believed_behind_https_alone(read: Read) -> None:
    behind, bare = read(SITE_URL="https://videos.example.com"), read(SITE_URL="http://videos.example.com")
    assert behind["SECURE_PROXY_SSL_HEADER"] and behind["ALLAUTH_TRUSTED_PROXY_COUNT"] == 1
    assert not bare["SECURE_PROXY_SSL_HEADER"] and bare["ALLAUTH_TRUSTED_PROXY_COUNT"] == 0


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", "-c random_page_cost=1.1"),
        ("?sslmode=require", "-c random_page_cost=1.1"),
        ("?options=-c%20random_page_cost%3D4", "-c random_page_cost=1.1 -c random_page_cost=4"),
    ],
)
def test_options_of_the_database_go_behind_ours(read: Read, query: str, options: str) -> None:
    database = read(DATABASE_URL=f"postgres://ada@db.example.com/library{query}")["DATABASES"]["default"]
    assert database["OPTIONS"]["options"] == options
    assert database["OPTIONS"].get("sslmode") == ("require" if "sslmode" in query else None)


@pytest.mark.parametrize(
    ("bind", "site", "guessed"),
    [
        ("0.0.0.0:8000", "", True),
        ("[::]:8000", "", True),
        ("0.0.0.0:8000", "http://192.168.1.5:8000", False),
        ("192.168.1.5:8000", "", False),
        ("", "", False),
    ],
)
def test_by_which_of_all_addresses_people_come_has_to_be_said(read: Read, bind: str, site: str, guessed: bool) -> None:
    assert read(BIND=bind, SITE_URL=site)["SITE_URL_IS_A_GUESS"] is guessed


@pytest.mark.parametrize(
    ("bucket", "origin"),
    [
        ({}, []),
        ({"S3_BUCKET": "team", "S3_ENDPOINT_URL": "http://S3.example:8333/x?y"}, ["http://s3.example:8333"]),
        ({"S3_BUCKET": "team", "S3_ENDPOINT_URL": "https://s3.example"}, ["https://s3.example"]),
        ({"S3_BUCKET": "team", "S3_ENDPOINT_URL": "http://[fd00::1]:8333"}, ["http://[fd00::1]:8333"]),
        ({"S3_BUCKET": "team", "S3_REGION": "eu-central-1"}, ["https://team.s3.eu-central-1.amazonaws.com"]),
        ({"S3_BUCKET": "our.team"}, ["https://s3.us-east-1.amazonaws.com/our.team/"]),
        ({"S3_BUCKET": "team", "S3_ENDPOINT_URL": "http://s3:8333", **PUBLIC}, ["https://media.example.com"]),
        ({"S3_BUCKET": "team", **PUBLIC}, ["https://media.example.com"]),
        ({"S3_BUCKET": "team", "S3_ENDPOINT_URL": "http://s3:8333", "S3_PUBLIC_ENDPOINT_URL": "none"}, []),
    ],
)
def test_pages_may_load_from_the_bucket_and_nothing_else(read: Read, bucket: dict[str, str], origin: list[str]) -> None:
    rules = read(**bucket)["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert {
        name: [part for part in rules[name] if part not in ("'self'", "blob:")] for name in FETCHED
    } == dict.fromkeys(FETCHED, origin)


@pytest.mark.parametrize(
    "where",
    [
        {"S3_BUCKET": "team"},
        {"S3_BUCKET": "team", "S3_REGION": "eu-central-1"},
        {"S3_BUCKET": "our.team", "S3_REGION": "eu-central-1"},
        {"S3_BUCKET": "team", "S3_ENDPOINT_URL": "http://[fd00::1]:8333"},
        {"S3_BUCKET": "team", "S3_ENDPOINT_URL": "http://s3:8333", **PUBLIC},
        {"S3_BUCKET": "team", **PUBLIC},
    ],
)
def test_browsers_are_led_where_pages_may_load_from(read: Read, where: dict[str, str]) -> None:
    read_settings = read(**where, **KEYS)
    storage = BucketStorage(**read_settings["STORAGES"]["default"]["OPTIONS"])
    response = storage.hand_over("originals/1", Wanted("GET", "video/mp4"))
    assert response
    for name in FETCHED:
        *_, origin = read_settings["CONTENT_SECURITY_POLICY"]["DIRECTIVES"][name]
        assert response["Location"].startswith(origin.rstrip("/") + "/")


def test_a_site_over_https_has_no_media_over_http(read: Read) -> None:
    bare = {"SITE_URL": "https://videos.example.com", "S3_BUCKET": "team", "S3_ENDPOINT_URL": "http://s3:8333"}
    with pytest.raises(ImproperlyConfigured, match="S3_PUBLIC_ENDPOINT_URL"):
        read(**bare)
    for public in ("none", PUBLIC["S3_PUBLIC_ENDPOINT_URL"]):
        assert read(**bare, S3_PUBLIC_ENDPOINT_URL=public)["S3_BUCKET"] == "team"


def test_nginx_sends_the_files_of_a_disk_where_that_is_set(read: Read) -> None:
    for flag, location in (("true", "/_media/"), ("", "")):
        assert read(X_ACCEL=flag)["STORAGES"]["default"]["OPTIONS"]["nginx_location"] == location


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_log_is_written_as_it_is_set(read: Read, form: str) -> None:
    logging = read(LOG_FORMAT=form)["LOGGING"]
    assert logging["handlers"]["stderr"]["formatter"] == form
    assert form in logging["formatters"]
    assert read()["LOGGING"]["handlers"]["stderr"]["formatter"] == "text"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        *(("LOG_FORMAT", "JSON"), ("LOG_FORMAT", "yaml"), ("METRICS_TOKEN", "too short"), ("X_ACCEL", "/_media/")),
        *(("S3_PUBLIC_ENDPOINT_URL", "s3:8333"), ("S3_PUBLIC_ENDPOINT_URL", "None")),
    ],
)
def test_what_is_set_wrong_names_the_setting(read: Read, name: str, wrong: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=name):
        read(S3_BUCKET="team", **{name: wrong})


@pytest.mark.parametrize("user", ["user:secret@", "user@", ":secret@", "@"])
def test_an_endpoint_that_holds_a_password_stops_the_start_and_is_not_repeated(read: Read, user: str) -> None:
    for name, kind in (("S3_ENDPOINT_URL", ""), ("S3_PUBLIC_ENDPOINT_URL", ""), ("BACKUP_S3_ENDPOINT_URL", "BACKUP_")):
        with pytest.raises(
            ImproperlyConfigured, match=f"{name} .* {kind}S3_ACCESS_KEY_ID and {kind}S3_SECRET_ACCESS_KEY"
        ) as refused:
            read(S3_BUCKET="team", **{name: f"http://{user}s3.example"})
        assert "secret@" not in str(refused.value)


BACKUP_KEYS = {f"BACKUP_{name}": f"backup {value}" for name, value in KEYS.items()}
IN_BUCKET = {"S3_BUCKET": "team", "S3_ENDPOINT_URL": "http://s3:8333", **KEYS}
ELSEWHERE = {"BACKUP_S3_ENDPOINT_URL": "https://backup.example"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ("", "us-east-1", "", "")),
        (IN_BUCKET, ("http://s3:8333", "us-east-1", "key", "secret")),
        ({**IN_BUCKET, "S3_REGION": "eu"}, ("http://s3:8333", "eu", "key", "secret")),
        ({**IN_BUCKET, **BACKUP_KEYS}, ("http://s3:8333", "us-east-1", "backup key", "backup secret")),
        ({**IN_BUCKET, "BACKUP_S3_ENDPOINT_URL": "http://s3:8333/"}, ("http://s3:8333", "us-east-1", "key", "secret")),
        (
            {**IN_BUCKET, **ELSEWHERE, **BACKUP_KEYS, "BACKUP_S3_REGION": "eu"},
            ("https://backup.example", "eu", "backup key", "backup secret"),
        ),
        # A library on a disk; and one whose machine has rights that boto3 finds.
        ({**ELSEWHERE, **BACKUP_KEYS}, ("https://backup.example", "us-east-1", "backup key", "backup secret")),
        ({"S3_BUCKET": "team", **ELSEWHERE}, ("https://backup.example", "us-east-1", "", "")),
    ],
)
def test_backups_go_where_the_library_s_bucket_is_or_to_another_service(
    read: Read, environment: dict[str, str], expected: tuple[str, ...]
) -> None:
    found = read(**environment)
    names = ("ENDPOINT_URL", "REGION", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
    assert tuple(found[f"BACKUP_S3_{name}"] for name in names) == expected


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"BACKUP_S3_ACCESS_KEY_ID": "key"}, "BACKUP_S3_ACCESS_KEY_ID and BACKUP_S3_SECRET_ACCESS_KEY belong together"),
        ({"BACKUP_S3_SECRET_ACCESS_KEY": "x"}, "BACKUP_S3_ACCESS_KEY_ID and BACKUP_S3_SECRET_ACCESS_KEY belong"),
        ({"BACKUP_S3_ENDPOINT_URL": "backup:9000"}, "BACKUP_S3_ENDPOINT_URL is no address"),
        (ELSEWHERE, "BACKUP_S3_ENDPOINT_URL is another service .*; set BACKUP_S3_ACCESS_KEY_ID and BACKUP_S3_SECRET"),
    ],
)
def test_what_cannot_lead_to_a_backup_stops_the_start(read: Read, wrong: dict[str, str], named: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=named):
        read(**IN_BUCKET, **wrong)


def test_what_sqlite_commits_is_on_the_disk_itself(read: Read, tmp_path: Path) -> None:
    options = read()["DATABASES"]["default"]["OPTIONS"]
    with closing(sqlite3.connect(tmp_path / "library.sqlite3")) as database:
        database.executescript(options["init_command"])
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("PRAGMA synchronous").fetchone() == (2,)  # full
