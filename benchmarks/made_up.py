"""Made-up text of screens: identifiers, paths, commands, error codes, menu names. Pure: dice in, text out."""

from __future__ import annotations

from random import Random

WORDS = (
    *("account", "archive", "backup", "batch", "bucket", "buffer", "cache", "channel", "client", "cluster", "column"),
    *("commit", "config", "context", "counter", "cursor", "deploy", "device", "digest", "driver", "engine", "event"),
    *("export", "filter", "folder", "frame", "gateway", "handler", "header", "import", "index", "invoice", "label"),
    *("ledger", "limit", "locale", "margin", "merge", "metric", "module", "monitor", "number", "object", "offset"),
    *("order", "output", "parser", "payload", "pixel", "policy", "prefix", "profile", "query", "queue", "record"),
    *("region", "render", "report", "request", "retry", "route", "sample", "schema", "search", "segment", "server"),
    *("session", "signal", "socket", "source", "stream", "symbol", "tenant", "thread", "ticket", "token", "update"),
    *("upload", "vector", "version", "volume", "widget", "window", "worker", "writer"),
)
SUFFIXES = ("py", "ts", "tsx", "go", "rs", "java", "yaml", "json", "sql", "md", "toml", "sh", "css", "html", "xml")
MENUS = ("File", "Edit", "View", "Insert", "Format", "Tools", "Extensions", "Window", "Help")
ENTRIES = (
    *(("Open Recent...", "Ctrl+Shift+O"), ("Save As...", "Ctrl+Shift+S"), ("Export as PDF", "Ctrl+E")),
    *(("Find in Files", "Ctrl+Shift+F"), ("Replace All", "Ctrl+Alt+Enter"), ("Toggle Word Wrap", "Alt+Z")),
    *(("Freeze Panes", "Ctrl+Shift+7"), ("Insert Pivot Table", "Alt+N+V"), ("Conditional Formatting", "Alt+H+L")),
    *(("Pivot Chart Wizard", "Alt+D+P"), ("Data Validation...", "Alt+A+V"), ("Group and Outline", "Shift+Alt+Right")),
    *(("Run Without Debugging", "Ctrl+F5"), ("Toggle Breakpoint", "F9"), ("Developer Tools", "Ctrl+Shift+I")),
    *(("Rename Symbol", "F2"), ("Go to Definition", "F12"), ("Quick Fix...", "Ctrl+."), ("Page Setup...", "Ctrl+P")),
    *(("Select All Layers", "Ctrl+Alt+A"), ("Image Size...", "Ctrl+Alt+I"), ("Gaussian Blur...", "Ctrl+Alt+G")),
)
BUTTONS = ("Cancel", "Retry", "Ignore", "Continue", "Details", "Report", "Restart", "Discard", "Overwrite", "Skip")
HOSTS = ("build", "stage", "prod", "edge", "node", "repl")
CODES = ("ERR", "ORA", "TS", "CS", "KB", "HRESULT", "SQLSTATE", "AADSTS", "ENO", "WIN")
HEX = "0123456789abcdef"


def name(dice: Random, parts: int = 0) -> str:
    """An identifier in one of the usual shapes: snake_case, camelCase, PascalCase, CONSTANT."""
    words = [dice.choice(WORDS) for _ in range(parts or dice.randint(1, 3))]
    shape = dice.randrange(5)
    if shape <= 1:
        return "_".join(words)
    if shape == 2:
        return words[0] + "".join(word.title() for word in words[1:])
    return "".join(word.title() for word in words) if shape == 3 else "_".join(words).upper()


def word(dice: Random) -> str:
    """A plain one."""
    return dice.choice(WORDS)


def file_name(dice: Random) -> str:
    """As it stands in a tree or on a tab."""
    separator = dice.choice("_-")
    return f"{separator.join(dice.choice(WORDS) for _ in range(dice.randint(1, 2)))}.{dice.choice(SUFFIXES)}"


def path(dice: Random) -> str:
    """Of a file on a machine of either kind."""
    folders = [word(dice) for _ in range(dice.randint(1, 3))]
    if dice.random() < 0.25:
        return "C:\\" + "\\".join(folder.title() for folder in folders) + "\\" + file_name(dice)
    root = dice.choice(("/usr/local", "/var/lib", "/etc", "~", "./src", "/home/" + word(dice)))
    return "/".join((root, *folders, file_name(dice)))


def error_code(dice: Random) -> str:
    """As ORA-00942, ERR_CONN_RESET, 0x80070005."""
    shape = dice.randrange(4)
    if shape == 0:
        return f"{dice.choice(CODES)}-{dice.randrange(100_000):05d}"
    if shape == 1:
        return "_".join(("ERR", *(word(dice).upper() for _ in range(2))))
    if shape == 2:
        return "0x" + "".join(dice.choice(HEX) for _ in range(8)).upper()
    return f"E{dice.randrange(10_000):04d}"


def digest(dice: Random, length: int = 12) -> str:
    """Part of a hash."""
    return "".join(dice.choice(HEX) for _ in range(length))


def version(dice: Random) -> str:
    """Of a package."""
    return f"{dice.randrange(1, 30)}.{dice.randrange(20)}.{dice.randrange(20)}"


def branch(dice: Random) -> str:
    """What an editor says at its bottom."""
    return (
        f"feature/{word(dice)}-{dice.randrange(100, 9999)}  {dice.randrange(20)} errors, {dice.randrange(9)} warnings"
    )


def address(dice: Random) -> str:
    """Of a page or a service."""
    host = f"{word(dice)}.{dice.choice(HOSTS)}.example.com:{dice.choice((8080, 8443, 3000, 5432))}"
    return f"https://{host}/{word(dice)}/{word(dice)}?{word(dice)}={dice.randrange(10_000)}"


def code_line(dice: Random) -> str:
    """Of a program, or an empty one."""
    a, b, c, d = (name(dice) for _ in range(4))
    lines = (
        "",
        f"def {a}({b}: str, {c}: int = {dice.randrange(1000)}) -> {d}:",
        f"{a} = {b}.{c}({d}, timeout={dice.randrange(1, 600)})",
        f'raise ValueError("{word(dice)} {word(dice)} {error_code(dice)} not found")',
        f"if {a} is not None and {b}[{dice.randrange(50)}] != {c}:",
        f"return [{a}.{b} for {a} in {c} if {a}.{d} > {dice.randrange(500)}]",
        f"import {{ {a}, {b} }} from '@{word(dice)}/{word(dice)}-{word(dice)}';",
        f"const {a} = useEffect(() => {{ {b}.{c}(); }}, [{d}]);",
        f"SELECT {a}, COUNT({b}) FROM {c} WHERE {d} = '{digest(dice, 8)}' GROUP BY {a};",
        f"# {word(dice)} the {word(dice)} before {a} is called, see {path(dice)}",
        f'public static final String {a.upper()} = "{path(dice)}";',
        f'@{a}(name="{word(dice)}.{word(dice)}", retries={dice.randrange(9)})',
        f"for {a}, {b} in enumerate({c}.items(), start={dice.randrange(10)}):",
        f'assert {a}({b}) == {dice.randrange(10_000)}, f"{word(dice)} of {{{c}}}"',
    )
    return dice.choice(lines)


def terminal_title(dice: Random) -> str:
    """Of its window."""
    return f"{word(dice)}@{dice.choice(HOSTS)}{dice.randrange(1, 40):02d}: ~/{word(dice)}/{word(dice)}"


def terminal_line(dice: Random) -> str:
    """A command, or what one said."""
    a, b = word(dice), word(dice)
    host, number, minute = (
        f"{a}@{dice.choice(HOSTS)}{dice.randrange(1, 40):02d}",
        dice.randrange(256),
        dice.randrange(60),
    )
    month, day = f"{dice.randrange(1, 13):02d}", f"{dice.randrange(1, 29):02d}"
    lines = (
        f"{host}:~/{b}$ kubectl get pods -n {a}-{b} --selector app={word(dice)}",
        f"$ docker run --rm -v {path(dice)}:/data {a}/{b}:{version(dice)}",
        f"{a}-{digest(dice, 9)}-{digest(dice, 5)}   1/1   CrashLoopBackOff   {dice.randrange(50)}   {minute}m",
        f"npm ERR! code {error_code(dice)} while reading {path(dice)}",
        f"error[E{dice.randrange(10_000):04d}]: cannot find value `{name(dice)}` in module `{a}`",
        f"-rw-r--r-- 1 {a} {b} {dice.randrange(10**7):>8} Nov {dice.randrange(1, 29):02d} {file_name(dice)}",
        f"commit {digest(dice, 40)}",
        f'Traceback: File "{path(dice)}", line {dice.randrange(900)}, in {name(dice)}',
        f"{name(dice, 2)}: {error_code(dice)}: {a} {b} refused by {number}.{dice.randrange(256)}.0.{minute}",
        f"$ git checkout -b feature/{a}-{dice.randrange(5000)} && make {b}",
        f"Collecting {a}-{b}=={version(dice)}",
        f"2026-{month}-{day}T{dice.randrange(24):02d}:{minute:02d}:11Z WARN {name(dice)} {address(dice)}",
        f"export {name(dice, 2).upper()}={digest(dice, 16)}",
        f"PASS tests/{a}/test_{b}.py::test_{name(dice, 2).lower()} ({dice.randrange(900)} ms)",
    )
    return dice.choice(lines)


def cell(dice: Random, column: int) -> str:
    """Of a table: a name, a number, a path, a date or state."""
    columns = [f"{chr(65 + dice.randrange(20))}{dice.randrange(first, last)}" for first, last in ((1, 99), (100, 999))]
    return (
        name(dice, 2),
        f"{dice.choice(('INV', 'PO', 'SKU', 'CASE'))}-{dice.randrange(10**6):06d}",
        f"={dice.choice(('COUNTIF', 'VLOOKUP', 'SUMIFS', 'INDEX'))}({':'.join(columns)})",
        f"2026-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d} {word(dice).title()}",
    )[column]


def window_title(dice: Random) -> str:
    """Of a program."""
    return f"{word(dice).title()} {word(dice).title()} - {file_name(dice)}"


def dialog_title(dice: Random) -> str:
    """Of a message."""
    return f"{word(dice).title()} {dice.choice(('failed', 'not found', 'denied', 'timed out'))}"


def field(dice: Random) -> tuple[str, str]:
    """A label and what is filled in."""
    values = (path(dice), address(dice), name(dice, 2), f"{word(dice)}.{word(dice)}@example.com", digest(dice, 20))
    return f"{word(dice).title()} {word(dice)}:", dice.choice(values)


def error_message(dice: Random) -> list[str]:
    """The lines of a message."""
    return [
        f"The {word(dice)} could not open the {word(dice)} ({error_code(dice)}).",
        f"File: {path(dice)}",
        f"{name(dice, 2)} returned {error_code(dice)} after {dice.randrange(900)} seconds.",
        f"Check the {word(dice)} settings, or contact {word(dice)}@example.com.",
    ]
