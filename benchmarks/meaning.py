"""What it costs to say what sentences mean: `python -m benchmarks.meaning`.

For one and two threads, each in a process of its own: memory that loading and searching add, and milliseconds a text,
first the least, which is what it takes, then the median, which is what this machine made of it. Ends with JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from videolib.search import meaning

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "weights" / "minilm"
TIMES = 200
# Numbered, so that none was seen before.
TEXTS = {
    "a word": "layers {}",
    "a question": "how do I hide a part of layer {}",
    "a sentence": "First we open the panel, and then we choose mask number {} so that you can see what lies under it.",
    "the longest": "word {} " * 150,
}


def main(arguments: list[str]) -> int:
    if arguments:
        print(json.dumps(measure(int(arguments[0]))))
        return 0
    found = {}
    for threads in (1, 2):
        command = [sys.executable, "-m", "benchmarks.meaning", str(threads)]
        ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        found[threads] = json.loads(ended.stdout)
    names = list(found[1])
    print("| threads |", " | ".join(names), "|")
    print("|---" * (len(names) + 1) + "|")
    for threads, one in found.items():
        print(f"| {threads} |", " | ".join(one.values()), "|")
    print(json.dumps(found))
    return 0


def measure(threads: int) -> dict[str, str]:
    """By name what is to stand in the table."""
    meaning.THREADS = threads
    before, start = memory_mb(), time.perf_counter()
    model = meaning.Meaning(FOLDER)
    row = {"loaded in": f"{time.perf_counter() - start:.1f} s", "loaded": f"{memory_mb() - before:.0f} MB"}
    for name, text in TEXTS.items():
        spent = [seconds(model, text.format(*[number] * 150)) for number in range(TIMES if len(text) < 500 else 10)]
        row[name] = f"{min(spent) * 1000:.1f} ({median(spent) * 1000:.1f}) ms"
        row[f"after {name}"] = f"{memory_mb() - before:.0f} MB"
    return row


def seconds(model: meaning.Meaning, text: str) -> float:
    start = time.perf_counter()
    model.of_question(text)
    return time.perf_counter() - start


def memory_mb() -> float:
    """What this process holds in memory now."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
