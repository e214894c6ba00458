"""Text on the screen, with its place and time: plain functions, no Django, no Celery, no settings. Importing this loads
no engine."""

from transcode.ocr.base import Box, EngineName, Line, Picture, ScreenEngine, get_engine
from transcode.ocr.merge import Shown
from transcode.ocr.reading import read_text

__all__ = ["Box", "EngineName", "Line", "Picture", "ScreenEngine", "Shown", "get_engine", "read_text"]
