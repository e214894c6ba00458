"""The words of a recording as rows: those of a first hearing as they come, those of another only when all are there."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from transcode import speech
from transcode.models import Cue, Transcript
from transcode.signals import announce
from transcode.workspace import Work


class WordsOf:
    """What one run of the engine writes down."""

    def __init__(self, work: Work, engine: str, model: str) -> None:
        self._work = work
        self._engine = engine
        self._model = model
        self._transcript: Transcript | None = None
        # a hearing that was cut off left words too, but nobody should keep those
        self._keeps_old = Transcript.objects.filter(recording=work.recording, complete=True).exists()

    def add(self, cues: Sequence[speech.Cue], language: str) -> None:
        """Show the next cues at once, unless complete words are shown that they would push aside.

        Raises LeaseLost, and writes nothing, when the job is no longer ours.
        """
        if self._keeps_old:
            return
        with transaction.atomic():
            # first, for it takes the row's lock: another worker can begin its own words only after this
            self._work.beat()
            transcript = self._transcript or self._begin(complete=False)
            Transcript.objects.filter(pk=transcript.pk).update(language=language)
            _write(transcript, cues)
            announce(self._work.job)
        self._transcript = transcript

    def finish(self, cues: Sequence[speech.Cue], language: str) -> None:
        """All words are heard: CUES are those of the whole recording. In the transaction that ends the job."""
        if self._transcript:
            Transcript.objects.filter(pk=self._transcript.pk).update(language=language, complete=True)
        else:
            _write(self._begin(complete=True, language=language), cues)

    def _begin(self, *, complete: bool, language: str = "") -> Transcript:
        recording = self._work.recording
        Transcript.objects.filter(recording=recording).delete()
        return Transcript.objects.create(
            recording=recording, engine=self._engine, model=self._model, language=language, complete=complete
        )


def _write(transcript: Transcript, cues: Sequence[speech.Cue]) -> None:
    Cue.objects.bulk_create(Cue(transcript=transcript, start=cue.start, end=cue.end, text=cue.text) for cue in cues)
