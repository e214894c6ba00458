"""What can be done with a clip. Web pages, the API and commands call these; each is complete, index included."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, TypedDict, Unpack

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import Http404
from django.utils import timezone

from transcode import actions as pipeline
from transcode.log_fields import logging_about
from transcode.models import Cue, Job, Recording, State, Step
from videolib.accounts.actions import write_audit
from videolib.accounts.models import User
from videolib.clips.access import NO_SUCH_CLIP, ClipQuerySet
from videolib.clips.documents import document_for
from videolib.clips.models import Clip, CueEdit, LibrarySettings, License, Tag, Tagging, Term, fold_tag, fold_term
from videolib.clips.status import cannot_hear
from videolib.clips.vocabulary import SHARED, team_words, vocabulary_for
from videolib.lib.queue import send_on_commit
from videolib.search.backends import get_backend

MOST_TAGS = 20
# An engine is told some sixty names at a time; the most useful for a clip are chosen among these.
MOST_TERMS = 1000
# Players and people round: a cue may end this many seconds after the picture.
AFTER_THE_END = 1.0
# A correction is of a caption or a few: engines hear half a minute at once, so no cue is longer, and 500 characters
# take about as long to say. One of an hour would silence all that is said in it.
LONGEST_CORRECTION = 30.0
# Stretches that overlap by less only touch: the page writes times with milliseconds, and engines round.
TOUCH = 0.01


class TagError(ValueError):
    """A tag that cannot be; the message says why."""


class CueError(ValueError):
    """A stretch of time in which nothing can be corrected; the message says why."""


class TermError(ValueError):
    """A term that cannot be; the message says why."""


class HearingError(ValueError):
    """A clip that cannot be heard; the message says why."""


class Details(TypedDict, total=False):
    """What may be changed of a clip; what is absent stays."""

    title: str
    description: str
    visibility: str
    license: License | None
    allow_download: bool
    tags: Sequence[str]


@transaction.atomic
def create_draft(title: str, *, by: User, visibility: str) -> Clip:
    """A clip that waits for its bytes; only its owner sees it."""
    return Clip.objects.create(owner=by, title=title[:200].strip() or "Untitled", visibility=visibility)


@transaction.atomic
def edit_clip(clip: Clip, *, by: User, **details: Unpack[Details]) -> None:
    """Change words, tags, licence or who may see a clip; it is searchable as changed at once."""
    lock_clip(clip)
    tags = details.pop("tags", None)
    before, title = clip.visibility, clip.title
    changed = [column for column, value in details.items() if getattr(clip, column) != value]
    for column, value in details.items():
        setattr(clip, column, value)
    clip.save(update_fields=list(details))
    unpin_unlisted(clip)
    if tags is not None and _set_tags(clip, tags, by):
        changed.append("tags")
    if clip.visibility != before and by.pk != clip.owner_id:
        write_audit("change visibility", f"clip {clip.code}", by=by, before=before, after=clip.visibility)
    if words := [column for column in changed if column != "visibility"]:
        _audit_of_others(clip, "edit clip", by, title=title, changed=", ".join(words))
    index_clip(clip)


@transaction.atomic
def tag_clip(clip: Clip, name: str, *, by: User) -> Tag:
    """Put a tag on a clip; the same tag twice is once. Raises TagError for one that cannot be."""
    tag = get_tag(name)
    # Counted by one at a time.
    lock_clip(clip)
    if clip.taggings.exclude(tag=tag).count() >= MOST_TAGS:
        raise TagError(f"A clip has at most {MOST_TAGS} tags; take one off first.")
    Tagging.objects.get_or_create(clip=clip, tag=tag, defaults={"by": by})
    index_clip(clip)
    return tag


@transaction.atomic
def untag_clip(clip: Clip, tag: Tag, *, by: User) -> None:
    """Take a tag off a clip; it is remembered when it was neither theirs nor on their clip."""
    if clip.taggings.filter(tag=tag).exclude(by=by).delete()[0]:
        _audit_of_others(clip, "take tag off", by, tag=tag.name)
    clip.taggings.filter(tag=tag).delete()
    index_clip(clip)


def get_tag(name: str) -> Tag:
    """The tag of that name, made where there is none; case and spaces do not matter. Raises TagError."""
    shown = _shown_tag(name)
    return Tag.objects.get_or_create(folded=fold_tag(shown), defaults={"name": shown})[0]


def _shown_tag(name: str) -> str:
    shown = " ".join(name.replace(",", " ").replace("\x00", "").split()).lstrip("#").strip()
    if not shown or len(shown) > 40:
        raise TagError("A tag has 1 to 40 characters.")
    return shown


def _set_tags(clip: Clip, names: Sequence[str], by: User) -> bool:
    """Whether that changed anything."""
    wanted = {get_tag(name) for name in names if name.strip()}
    if len(wanted) > MOST_TAGS:
        raise TagError(f"A clip has at most {MOST_TAGS} tags.")
    standing = set(clip.tags.all())
    clip.taggings.exclude(tag__in=wanted).delete()
    rows = [Tagging(clip=clip, tag=tag, by=by) for tag in wanted]
    Tagging.objects.bulk_create(rows, ignore_conflicts=True)
    return standing != wanted


@transaction.atomic
def correct_cue(clip: Clip, *, start: float, end: float, text: str, by: User) -> CueEdit:
    """Say what is really spoken from `start` to `end` (seconds); empty text: nothing. Searchable at once.

    Raises CueError for times that cannot be.
    """
    _check_stretch(clip, start=start, end=end)
    # Of two who correct the same words at once, the second takes back what the first has written.
    lock_clip(clip)
    overlapping = Q(start__lt=end - TOUCH, end__gt=start + TOUCH)
    clip.cue_edits.filter(overlapping).delete()
    said = Cue.objects.filter(overlapping, transcript__recording__clips=clip)
    heard = " ".join(said.values_list("text", flat=True))
    edit = CueEdit.objects.create(clip=clip, start=start, end=end, text=text.strip(), heard=heard, by=by)
    _audit_of_others(clip, "correct words", by, start=start, end=end)
    index_clip(clip)
    return edit


def _check_stretch(clip: Clip, *, start: float, end: float) -> None:
    """Raises CueError when a correction cannot be from `start` to `end` (seconds)."""
    duration = clip.recording and clip.recording.duration
    if not duration:
        raise CueError("There is nothing to correct in this clip yet.")
    # NaN and infinity fail this, too.
    if not (0 <= start < end - TOUCH and end <= duration + AFTER_THE_END):
        raise CueError(f"The times must lie within the clip (0 to {duration:.1f} seconds), the start before the end.")
    if end - start > LONGEST_CORRECTION:
        raise CueError(f"One correction covers at most {LONGEST_CORRECTION:.0f} seconds; correct cue by cue.")


@transaction.atomic
def undo_correction(clip: Clip, *, start: float, end: float, by: User) -> None:
    """Go back to what the engine heard there."""
    if clip.cue_edits.filter(start__lt=end - TOUCH, end__gt=start + TOUCH).delete()[0]:
        _audit_of_others(clip, "undo correction", by, start=start, end=end)
    index_clip(clip)


@transaction.atomic
def add_terms(texts: Sequence[str], *, by: User) -> list[Term]:
    """Put terms, tidied (`tidy_term`), on the team's vocabulary, and tell clips that wait for their hearing.

    One that is there in another spelling is spelt as now. Gives those that are new or spelt anew; TermError when the
    list is full.
    """
    LibrarySettings.locked()
    wanted = {fold_term(text): text for text in texts}
    known = {term.folded: term for term in Term.objects.filter(folded__in=wanted)}
    changed = [folded for folded, text in wanted.items() if folded not in known or known[folded].text != text]
    if Term.objects.count() + len(wanted.keys() - known.keys()) > MOST_TERMS:
        raise TermError(f"The vocabulary holds at most {MOST_TERMS} terms; take some off first.")
    terms = [
        Term.objects.update_or_create(folded=folded, defaults={"text": wanted[folded], "by": by})[0]
        for folded in changed
    ]
    if terms:
        write_audit("add terms", "vocabulary", by=by, terms=", ".join(term.text for term in terms))
        send_on_commit("clips.tell_vocabulary", queue="light")
    return terms


@transaction.atomic
def remove_term(term: Term, *, by: User) -> None:
    """Take a term off the team's vocabulary; what was heard with it stays."""
    term.delete()
    write_audit("remove term", "vocabulary", by=by, term=term.text)
    send_on_commit("clips.tell_vocabulary", queue="light")


@transaction.atomic
def hear_again(clip: Clip, *, by: User) -> bool:
    """Have the words written down anew, with the vocabulary of today; corrections stay laid over.

    False, and nothing happens, while they are being written down already. Raises HearingError where nothing can be.
    """
    if reason := cannot_hear(clip):
        raise HearingError(reason)
    assert clip.recording is not None  # cannot_hear has said so
    if not pipeline.start_again(clip.recording, Step.TRANSCRIBE, lane=str(clip.owner_id)):
        return False
    pipeline.give_hints({clip.recording.pk: {"vocabulary": vocabulary_for(clip), **_named_in_log(clip.recording)}})
    _audit_of_others(clip, "hear clip again", by)
    return True


def tell_vocabulary() -> int:
    """Tell clips that still wait for their hearing what the vocabulary is now. Returns how many were told."""
    to_come = Q(step=Step.TRANSCRIBE, state=State.QUEUED) | Q(step=Step.INSPECT)
    recordings = Job.objects.open().filter(to_come).values("recording")
    waiting = Clip.objects.filter(recording__in=recordings).prefetch_related("tags", "cue_edits")
    team, shared = team_words(), set(waiting.filter(SHARED).values_list("pk", flat=True))
    hints = {
        clip.recording_id: {"vocabulary": vocabulary_for(clip, team, is_shared=clip.pk in shared)}
        for clip in waiting.order_by("pk")  # of several clips of one person the newest one tells
        if clip.recording_id
    }
    pipeline.give_hints(hints)
    return len(hints)


@transaction.atomic
def attach_recording(clip: Clip, recording: Recording) -> None:
    """Join the bytes that arrived to the clip that waited for them. A recording that others use has to be locked."""
    clip.recording = recording
    clip.published_at = timezone.now() if recording.playable_at else None
    clip.save(update_fields=["recording", "published_at"])
    # Also one that is heard already: what a later hearing is told must be fit for all whose clips it is now.
    pipeline.give_hints({recording.pk: {"vocabulary": vocabulary_for(clip), **_named_in_log(recording)}})
    index_clip(clip)


def _named_in_log(recording: Recording) -> dict[str, Any]:
    """Lines of the log about work on a recording name its clip; where several share it, the first of them."""
    clip = recording.clips.order_by("pk").first()
    return {"log": {"clip": str(clip.code)}} if clip else {}


@transaction.atomic
def publish_clips_of(recording_id: int) -> None:
    """Its recording can be played: show the clip to whoever may see it."""
    Clip.objects.filter(recording_id=recording_id, published_at=None).update(published_at=timezone.now())
    index_clips_of(recording_id)


def unite_same_bytes(recording_id: int) -> None:
    """Only now it is known what a recording's bytes are. Were they here before, its clips go over to the first one.

    The work on it ends: its worker finds no job any more, and removes what it made.
    """
    with transaction.atomic():
        list(Clip.objects.select_for_update().filter(recording_id=recording_id).order_by("pk"))
        late = pipeline.lock_recording(recording_id)
        if late is None or not late.sha256 or late.playable_at:
            return
        first = pipeline.lock_same_bytes(late.sha256, late.size_bytes, older_than=late)
        if first is None:
            return
        for clip in Clip.objects.filter(recording=late).order_by("pk"):
            attach_recording(clip, first)
        pipeline.delete_recording(late)
    # Words that were written down in the meantime saw the old recording of these clips.
    index_clips_of(first.pk)


@transaction.atomic
def index_clips_of(recording_id: int) -> None:
    """New words: make them findable in every clip of the recording."""
    index_clips(list(Clip.objects.filter(recording_id=recording_id).values_list("pk", flat=True)))


def index_clip(clip: Clip) -> None:
    """Make a clip findable as it stands, in the transaction of what it describes."""
    index_clips([clip.pk])


@transaction.atomic
def index_clips(numbers: Collection[int]) -> None:
    """Make the clips of these numbers findable as they stand; of those in the trash, or gone, nothing is found.

    They are read again and locked: of two deeds at once, the one that indexes last has seen what the other wrote.
    """
    locked = Clip.objects.select_for_update().filter(pk__in=numbers, trashed_at=None).order_by("pk")
    standing = list(locked.prefetch_related("tags", "cue_edits"))
    if gone := set(numbers) - {clip.pk for clip in standing}:
        get_backend().remove(gone)
    if standing:
        get_backend().put(*map(document_for, standing))


def lock_clip(clip: Clip) -> Clip:
    """The clip as its row has it now, locked until the transaction ends. Http404 when it was just deleted for good."""
    standing = Clip.objects.select_for_update().filter(pk=clip.pk).first()
    if standing is None:
        raise Http404(NO_SUCH_CLIP)
    return standing


@transaction.atomic
def trash_clip(clip: Clip, *, by: User) -> None:
    """Delete a clip; it can be brought back for TRASH_DAYS."""
    lock_clip(clip)
    clip.trashed_at = timezone.now()
    clip.save(update_fields=["trashed_at"])
    index_clip(clip)
    _audit_of_others(clip, "delete clip", by)


@transaction.atomic
def restore_clip(clip: Clip, *, by: User) -> None:
    """Bring a deleted clip back as it was."""
    lock_clip(clip)
    clip.trashed_at = None
    clip.save(update_fields=["trashed_at"])
    index_clip(clip)
    _audit_of_others(clip, "restore clip", by)


@transaction.atomic
def hide_clip(clip: Clip, *, by: User) -> None:
    """Take a clip off the team's lists; its owner and curators still see it."""
    lock_clip(clip)
    clip.hidden_at = timezone.now()
    clip.save(update_fields=["hidden_at"])
    unpin_unlisted(clip)
    write_audit("hide clip", f"clip {clip.code}", by=by, title=clip.title)


@transaction.atomic
def unhide_clip(clip: Clip, *, by: User) -> None:
    """Put a clip back on the team's lists."""
    lock_clip(clip)
    clip.hidden_at = None
    clip.save(update_fields=["hidden_at"])
    write_audit("show clip again", f"clip {clip.code}", by=by, title=clip.title)


@transaction.atomic
def hand_over_clips(owner: User, to: User, *, by: User) -> int:
    """Give all clips of one person, trash and uploads under way included, to another. Returns how many."""
    handed = Clip.objects.filter(owner=owner).update(owner=to)
    write_audit("hand over clips", f"person {owner.email}", by=by, to=to.email, clips=handed)
    return handed


@transaction.atomic
def rename_tag(tag: Tag, name: str, *, by: User) -> None:
    """Spell a tag otherwise, on every clip that has it. Raises TagError for one that cannot be, or is there already."""
    shown = _shown_tag(name)
    if Tag.objects.filter(folded=fold_tag(shown)).exclude(pk=tag.pk).exists():
        raise TagError(f'There is a tag called "{shown}" already.')
    before, tag.name, tag.folded = tag.name, shown, fold_tag(shown)
    try:
        with transaction.atomic():
            tag.save(update_fields=["name", "folded"])
    except IntegrityError as error:
        raise TagError(f'There is a tag called "{shown}" already.') from error
    write_audit("rename tag", f"tag {before}", by=by, after=shown)
    for clip in tag.clips.order_by("pk"):
        index_clip(clip)


@transaction.atomic
def delete_tag(tag: Tag, *, by: User) -> None:
    """Take a tag off every clip, and out of search."""
    clips = list(tag.clips.order_by("pk"))
    tag.delete()
    write_audit("delete tag", f"tag {tag.name}", by=by, clips=len(clips))
    for clip in clips:
        index_clip(clip)


@transaction.atomic
def change_library_settings(*, by: User, default_visibility: str, max_upload_bytes: int, quota_bytes: int) -> None:
    """What holds for the whole library from now on; clips that are there stay as they are."""
    wanted = {
        "default_visibility": default_visibility,
        "max_upload_bytes": max_upload_bytes,
        "quota_bytes": quota_bytes,
    }
    LibrarySettings.objects.update_or_create(pk=1, defaults=wanted)
    write_audit("change settings", "library settings", by=by, **wanted)


@transaction.atomic
def save_license(license: License, *, by: User) -> None:
    """Offer a licence, new or changed."""
    deed = "change licence" if license.pk else "add licence"
    license.save()
    write_audit(deed, f"licence {license.name}", by=by, url=license.url)


@transaction.atomic
def remove_license(license: License, *, by: User) -> None:
    """Offer a licence no more; clips that had it have none."""
    clips = Clip.objects.filter(license=license).count()
    license.delete()
    write_audit("remove licence", f"licence {license.name}", by=by, clips=clips)


def unpin_unlisted(clip: Clip) -> None:
    """Else it would stand in front for its owner alone, and for everybody once it is shared again."""
    if not clip.is_for_the_team:
        clip.pinned_at = None
        # Asked of the row: it may have been pinned since the clip was read.
        Clip.objects.filter(pk=clip.pk, pinned_at__isnull=False).update(pinned_at=None)


def empty_trash() -> int:
    """Remove for good what was deleted TRASH_DAYS ago, with recordings no other clip uses. Returns how many clips."""
    before = timezone.now() - timedelta(days=settings.TRASH_DAYS)
    overdue = Clip.objects.filter(trashed_at__lt=before)
    return sum(_delete_overdue(clip, overdue) for clip in list(overdue))


def _delete_overdue(clip: Clip, overdue: ClipQuerySet) -> bool:
    with logging_about(clip=clip.code):
        return delete_for_good(clip, among=overdue)


@transaction.atomic
def delete_for_good(clip: Clip, *, among: ClipQuerySet | None = None) -> bool:
    """Remove a clip, and its recording with all its files when no other clip uses it, trash included.

    With `among` only while it is one of these: who restores a clip as the trash is emptied keeps it. Returns whether it
    went.
    """
    # Read again and locked. No compare-and-set: Django deletes what hangs on a clip one table after the other.
    standing = (Clip.objects.all() if among is None else among).select_for_update().filter(pk=clip.pk).first()
    if standing is None:
        return False
    # Locked before it is asked who uses it: an upload of the same bytes may be about to.
    recording = pipeline.lock_recording(standing.recording_id) if standing.recording_id else None
    get_backend().remove([clip.pk])
    standing.delete()
    if recording and (others := _named_in_log(recording)):
        pipeline.give_hints({recording.pk: others})
    elif recording:
        pipeline.delete_recording(recording)
    return True


def _audit_of_others(clip: Clip, deed: str, by: User, **details: Any) -> None:
    if clip.owner_id != by.pk:
        write_audit(deed, f"clip {clip.code}", by=by, **{"title": clip.title, **details})
