"""Speech to timed words: plain functions, no Django, no Celery, no settings. Importing this loads no engine."""

from transcode.speech.base import EngineName, Heard, Samples, Sound, SpeechEngine, get_engine
from transcode.speech.cues import Cue, cut_cues
from transcode.speech.words import Word

__all__ = ["Cue", "EngineName", "Heard", "Samples", "Sound", "SpeechEngine", "Word", "cut_cues", "get_engine"]
