"""How well search answers questions about moments in videos.

Every video becomes a clip of a temporary library through the same indexing code as a real one (its sentences are its
cues); every question goes through the same search call as the search page's. ../shared/eval/score_moments.py scores
what is written to --results: one line a question, {"qid", "hits": [{"video_id", "moments": [seconds, …]}]}.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.searching import configuration
from tests import postgres

if TYPE_CHECKING:
    from videolib.accounts.models import User

# What a person is shown: so many clips on the page, so many moments a clip.
CLIPS_SHOWN, MOMENTS_SHOWN = 10, 2
ENGINES, BACKENDS = ("lexical", "semantic", "fused"), ("sqlite", "postgres")
# Settings that would lead out of the temporary library.
OUTSIDE = ("DATABASE_URL", "BROKER_URL", "S3_BUCKET", "S3_ENDPOINT_URL", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")


def main(arguments: list[str] | None = None) -> int:
    """Ask every question; 0 when all were asked."""
    options = _parser().parse_args(arguments)
    refusal = _refusal(options)
    if refusal:
        print(refusal, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="videolib-benchmark-") as folder:
        asker = _open_library(folder, options)
        began = time.monotonic()
        ids = _fill_library(_rows(options.videos), asker)
        filled = time.monotonic()
        meant = _find_meanings()
        read = time.monotonic()
        asked = _ask(_rows(options.questions), options, asker, ids)
        _report(len(ids), filled - began, (meant, read - filled), asked)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search_quality", description=__doc__)
    parser.add_argument("--videos", type=Path, required=True, help="one video a line, with its sentences")
    parser.add_argument("--questions", type=Path, required=True, help="one question a line")
    parser.add_argument("--results", type=Path, required=True, help="where the answers are written")
    parser.add_argument("--engine", default="fused", help="fused, lexical or semantic")
    parser.add_argument("--backend", default="sqlite", help="sqlite or postgres")
    return parser


def _refusal(options: argparse.Namespace) -> str:
    if options.engine not in ENGINES:
        return f"There is no engine {options.engine!r} yet; choose --engine {' or '.join(ENGINES)}."
    if options.backend not in BACKENDS:
        return f"There is no backend {options.backend!r} yet; choose --backend {' or '.join(BACKENDS)}."
    missing = [str(path) for path in (options.videos, options.questions) if not path.is_file()]
    return f"There is no file {missing[0]}; name one that exists." if missing else ""


def _open_library(folder: str, options: argparse.Namespace) -> User:
    """An empty library of its own; whoever asks owns all of it."""
    for name in OUTSIDE:
        os.environ.pop(name, None)
    if options.backend == "postgres":
        os.environ["DATABASE_URL"] = postgres.start()
    os.environ["SEARCH_MEANING"] = "none" if options.engine == "lexical" else "minilm"
    os.environ.update(VIDEOLIB_DATA=folder, DJANGO_SETTINGS_MODULE="videolib.settings")
    import django  # noqa: PLC0415 (settings are read at this moment, from the environment just made)

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    from videolib.accounts.models import User  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    return User.objects.create_user("benchmark@example.com", role="contributor")


def _fill_library(videos: Iterator[dict[str, Any]], owner: User) -> dict[int, str]:
    """Clip id -> video id."""
    return {_make_clip(video, owner): video["video_id"] for video in videos}


def _make_clip(video: dict[str, Any], owner: User) -> int:
    from django.db import transaction  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from transcode.models import Cue, Recording, Transcript  # noqa: PLC0415
    from videolib.clips.actions import index_clip  # noqa: PLC0415
    from videolib.clips.models import Clip  # noqa: PLC0415

    now, words = timezone.now(), {"title": video.get("title") or "", "description": video.get("desc") or ""}
    with transaction.atomic():
        recording = Recording.objects.create(original_key="none", size_bytes=0, playable_at=now)
        transcript = Transcript.objects.create(recording=recording, engine="given", model="none")
        Cue.objects.bulk_create(
            Cue(transcript=transcript, start=said["start"], end=said["end"], text=said["text"])
            for said in video["sentences"]
        )
        clip = Clip.objects.create(owner=owner, recording=recording, published_at=now, visibility="team", **words)
        index_clip(clip)
    return clip.pk


def _find_meanings() -> int:
    """What the clock does in a library: vectors for all that lack them. Of how many clips."""
    from videolib.search.actions import make_missing_meanings  # noqa: PLC0415

    return make_missing_meanings(seconds=math.inf)


def _ask(
    questions: Iterator[dict[str, Any]], options: argparse.Namespace, asker: User, ids: dict[int, str]
) -> list[float]:
    """Writes one line a question; the seconds each took."""
    from videolib.browse.search import search_clips  # noqa: PLC0415

    took = []
    with options.results.open("w", encoding="utf-8") as file:
        for question in questions:
            began = time.perf_counter()
            found = search_clips(asker, question["question"], limit=CLIPS_SHOWN, engine=options.engine)
            took.append(time.perf_counter() - began)
            hits = [
                {"video_id": ids[hit.clip.pk], "moments": [moment.at_seconds for moment in hit.moments[:MOMENTS_SHOWN]]}
                for hit in found.hits
            ]
            file.write(json.dumps({"qid": question["qid"], "hits": hits}) + "\n")
    return took


def _report(clips: int, filling: float, meant: tuple[int, float], took: list[float]) -> None:
    took = sorted(took) or [0.0]
    print(f"configuration {configuration()}")
    print(f"clips      {clips}, indexed in {filling:.1f} s; vectors of {meant[0]} in {meant[1]:.1f} s")
    print(f"questions  {len(took)}, asked in {sum(took):.1f} s")
    print(f"a question {1000 * took[len(took) // 2]:.1f} ms median, {1000 * took[int(len(took) * 0.95)]:.1f} ms p95")


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from (json.loads(line) for line in file if line.strip())


if __name__ == "__main__":
    sys.exit(main())
