"""A voice for tests and the demo: `python scripts/say.py "Hello" hello.wav`.

Speaks with the eSpeak NG library that the wheel `espeakng-loader` carries, through ctypes: nothing to install with
apt, no program to find.
"""

from __future__ import annotations

import argparse
import ctypes
import subprocess
import sys
import wave
from pathlib import Path

# From espeak-ng/speak_lib.h
AUDIO_OUTPUT_SYNCHRONOUS = 2
PARAMETER_RATE = 1
CHARS_UTF8 = 1
EE_OK = 0
DO_NOT_EXIT = 0x8000  # without it a missing data folder ends the process

# int callback(short *wav, int count, espeak_EVENT *events); wav is NULL at the end
Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class VoiceError(Exception):
    """Nothing could be spoken; one sentence says why."""


def say(text: str, wav_path: Path, *, voice: str = "en-us", speed: int = 150) -> None:
    """Write TEXT, spoken, to WAV_PATH (16 bit, mono, 22,050 Hz). `speed` is in words a minute, 80 to 450.

    The library keeps global state and its memory safety is not ours to vouch for, so it runs in a process of its
    own: callers may be threads, forks or a test run, and a crash is an error here. Raises VoiceError.
    """
    command = [sys.executable, __file__, f"--voice={voice}", f"--speed={speed}", "--", text, str(wav_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or [f"the synthesiser ended with {done.returncode}"]
        raise VoiceError(reason[0])


def synthesise(text: str, voice: str, speed: int) -> tuple[int, bytes]:
    """The text spoken: (samples a second, 16-bit little-endian mono samples). Once a process, in the main thread."""
    try:
        import espeakng_loader  # noqa: PLC0415  (its absence is a sentence, not a traceback)
    except ImportError as error:
        raise VoiceError("Nothing can be spoken: run make setup, or pip install espeakng-loader.") from error
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data_folder = espeakng_loader.get_data_path().encode()
    rate = library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, data_folder, DO_NOT_EXIT)
    if rate <= 0:
        raise VoiceError("eSpeak NG does not start: reinstall espeakng-loader with pip --force-reinstall.")
    if library.espeak_SetVoiceByName(voice.encode()) != EE_OK:
        raise VoiceError(f"eSpeak NG has no voice {voice!r}.")
    library.espeak_SetParameter(PARAMETER_RATE, speed, 0)
    return rate, _collect(library, text)


def _collect(library: ctypes.CDLL, text: str) -> bytes:
    chunks: list[bytes] = []

    def take(samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int | None) -> int:
        if samples:
            chunks.append(ctypes.string_at(samples, 2 * count))
        return 0

    callback = Callback(take)
    library.espeak_SetSynthCallback(callback)
    data = text.encode()
    library.espeak_Synth.argtypes = [
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    if library.espeak_Synth(data, len(data) + 1, 0, 0, 0, CHARS_UTF8, None, None) != EE_OK:
        raise VoiceError("eSpeak NG could not speak the text.")
    library.espeak_Synchronize()
    return b"".join(chunks)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text")
    parser.add_argument("wav_path", type=Path)
    parser.add_argument("--voice", default="en-us")
    parser.add_argument("--speed", type=int, default=150)
    options = parser.parse_args()
    try:
        rate, samples = synthesise(options.text, options.voice, options.speed)
        with options.wav_path.open("wb") as file, wave.open(file) as wav:
            wav.setparams((1, 2, rate, 0, "NONE", ""))
            wav.writeframes(samples)
    except (VoiceError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
