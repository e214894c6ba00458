"""The bytes of a clip: playlists, renditions, poster, storyboard, captions, original.

Every one is asked for by clip and checked by get_clip_for; no address names a recording or a storage key.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename
from django.views.decorators.http import require_safe

from transcode.media.hls import multivariant_playlist
from transcode.media.storyboard import storyboard_vtt
from transcode.media.webvtt import TimedText, to_srt, to_text, to_vtt
from transcode.models import Recording, Storyboard
from videolib.clips.access import get_clip_for
from videolib.clips.documents import cues_of
from videolib.clips.models import Clip
from videolib.lib.ranges import file_response

HLS = "application/vnd.apple.mpegurl"
CAPTIONS: dict[str, tuple[Callable[[list[TimedText]], str], str]] = {
    "vtt": (to_vtt, "text/vtt; charset=utf-8"),
    "srt": (to_srt, "application/x-subrip; charset=utf-8"),
    "txt": (to_text, "text/plain; charset=utf-8"),
}
# What the container of an original is called on people's disks, by the demuxer that read it.
SUFFIXES = {
    "mov": ".mp4",
    "matroska": ".mkv",
    "avi": ".avi",
    "flv": ".flv",
    "ogg": ".ogv",
    "mpegts": ".ts",
    "gif": ".gif",
}


@require_safe
def main_playlist(request: HttpRequest, code: UUID) -> HttpResponse:
    """The multivariant playlist: the renditions that stand now, the best first."""
    renditions = list(_recording(request, code).renditions.all())
    if not renditions:
        raise Http404("This clip cannot be played yet.")
    return _text(multivariant_playlist(renditions, lambda name: f"{name}.m3u8"), HLS)


@require_safe
def media_playlist(request: HttpRequest, code: UUID, name: str) -> HttpResponse:
    """The byte ranges of one rendition; its address is beside this one."""
    return _text(get_object_or_404(_recording(request, code).renditions, name=name).playlist, HLS)


@require_safe
def rendition(request: HttpRequest, code: UUID, name: str) -> HttpResponseBase:
    """The bytes of one rendition."""
    return file_response(request, get_object_or_404(_recording(request, code).renditions, name=name).key, "video/mp4")


@require_safe
def poster(request: HttpRequest, code: UUID) -> HttpResponseBase:
    """The still picture."""
    return file_response(request, _there(_recording(request, code).poster_key), "image/jpeg")


@require_safe
def storyboard(request: HttpRequest, code: UUID) -> HttpResponse:
    """Which tile of which sheet shows which seconds, as WebVTT."""
    board = _storyboard(request, code)
    duration = board.recording.duration or board.count * board.interval
    return _text(storyboard_vtt(board.plan, duration, lambda sheet: f"storyboard-{sheet}.jpg"), CAPTIONS["vtt"][1])


@require_safe
def sheet(request: HttpRequest, code: UUID, number: int) -> HttpResponseBase:
    """One sheet of tiles."""
    keys = _storyboard(request, code).sheet_keys
    return file_response(request, _there(keys[number] if number < len(keys) else ""), "image/jpeg")


@require_safe
def captions(request: HttpRequest, code: UUID, kind: str) -> HttpResponse:
    """What is said, corrections laid over: as WebVTT, SRT or text. Empty where nothing is said."""
    write, content_type = CAPTIONS[kind]
    response = _text(write(list(cues_of(get_clip_for(request.user, code)))), content_type)
    if "download" in request.GET:
        response["Content-Disposition"] = "attachment"
    return response


@require_safe
def original(request: HttpRequest, code: UUID) -> HttpResponseBase:
    """The recording as it was uploaded, where its owner allows that."""
    clip = get_clip_for(request.user, code, to="download")
    recording = _recording_of(clip)
    suffix = SUFFIXES.get(recording.facts.get("demuxer", "").split(",")[0], ".video")
    # Never hidden, never an option of a command; and something where the title is all emoji (Django refuses "").
    name = (get_valid_filename(f"-{clip.title}").strip("-._")[:120] or "clip") + suffix
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return file_response(request, recording.original_key, "application/octet-stream", disposition)


def _recording(request: HttpRequest, code: UUID) -> Recording:
    return _recording_of(get_clip_for(request.user, code))


def _recording_of(clip: Clip) -> Recording:
    if clip.recording is None:
        raise Http404("The bytes of this clip have not arrived yet.")
    return clip.recording


def _storyboard(request: HttpRequest, code: UUID) -> Storyboard:
    board = Storyboard.objects.filter(recording=_recording(request, code)).select_related("recording").first()
    if board is None:
        raise Http404("This clip has no previews yet.")
    return board


def _there(key: str) -> str:
    if not key:
        raise Http404("This picture is not made yet.")
    return key


def _text(body: str, content_type: str) -> HttpResponse:
    return HttpResponse(body, content_type=content_type, headers={"Cache-Control": "private, no-cache"})
