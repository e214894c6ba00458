"""What the demo clips show and say. A step is what appears on the screen and the sentence spoken over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Screen = Literal["terminal", "editor", "sheet", "form"]


@dataclass(frozen=True)
class Step:
    """Lines that appear on the screen, and what is said meanwhile."""

    lines: tuple[str, ...]
    say: str


@dataclass(frozen=True)
class Story:
    """One clip: its words, its screen, and who says it in which voice."""

    title: str
    description: str
    tags: tuple[str, ...]
    owner: str
    screen: Screen
    heading: str
    steps: tuple[Step, ...]
    ratings: tuple[int, ...] = ()
    pinned: bool = False


@dataclass(frozen=True)
class Person:
    """Somebody of the demo team; nobody can sign in as them."""

    email: str
    name: str
    role: str
    voice: str


PEOPLE = (
    Person("ada@demo.example", "Ada Okafor", "curator", "en-us"),
    Person("ben@demo.example", "Ben Lindqvist", "contributor", "en-gb-x-rp"),
    Person("chiara@demo.example", "Chiara Rossi", "contributor", "en-us+f3"),
    Person("dev@demo.example", "Dev Patel", "contributor", "en+m3"),
    Person("eva@demo.example", "Eva Novak", "learner", "en-us+f2"),
    Person("finn@demo.example", "Finn Jensen", "learner", "en-us+m4"),
)

STORIES = (
    Story(
        "Undo the last commit without losing work",
        "git reset --soft keeps your files. Start at 0:08 if you only want the command.",
        ("git", "terminal"), "ben@demo.example", "terminal", "ben@laptop: ~/shop",
        (
            Step(("$ git log --oneline -3", "9f2c1aa Add wrong file", "41be07d Fix basket", "c0ffee1 First version"),
                 "I committed a file that does not belong here, and I have not pushed it yet."),
            Step(("$ git reset --soft HEAD~1",),
                 "Git reset with the option soft takes the commit back, but keeps every change in your folder."),
            Step(("$ git status --short", "A  secrets.env", "M  basket.py"),
                 "Now git status shows both files as they were just before the commit."),
            Step(("$ git restore --staged secrets.env", "$ git commit -m 'Fix the basket total'"),
                 "Take the wrong file out, and commit again. Nothing is lost."),
        ),
        (5, 5, 4, 5), pinned=True,
    ),
    Story(
        "Find duplicate invoices in a spreadsheet",
        "COUNTIF in a helper column, then a filter. Works the same in LibreOffice.",
        ("spreadsheet", "finance"), "chiara@demo.example", "sheet", "invoices-november.xlsx",
        (
            Step(("Invoice | Customer | Amount", "10231 | Novak Ltd | 1,200.00", "10232 | Harbour Inn | 310.50",
                  "10231 | Novak Ltd | 1,200.00"), "Somebody entered the same invoice twice, and the total is wrong."),
            Step(("Invoice | Customer | Amount | Times", "10231 | Novak Ltd | 1,200.00 | =COUNTIF(A:A,A2)"),
                 "In a new column, count how often each invoice number appears in the whole column."),
            Step(("10231 | Novak Ltd | 1,200.00 | 2", "10232 | Harbour Inn | 310.50 | 1"),
                 "Every row that shows two or more is a duplicate. Filter for them, and delete one of each."),
        ),
        (4, 5, 4),
    ),
    Story(
        "Reset a customer's password safely",
        "Never read a password out on the phone: send the link.",
        ("support", "accounts"), "ada@demo.example", "form", "Admin console - Customers",
        (
            Step(("Search | maria.keller", "Name | Maria Keller", "Status | Locked after 5 attempts"),
                 "A customer is locked out. First search for her, and check that the account is really hers."),
            Step(("Security question | answered", "Send reset link | maria.k@example.com"),
                 "Ask the security question. Only then press send reset link. Never set a password yourself."),
            Step(("Status | Link sent, valid for 30 minutes",),
                 "The link is valid for thirty minutes, and the account unlocks when she uses it."),
        ),
        (5, 4, 5, 5, 5), pinned=True,
    ),
    Story(
        "Why the nightly backup failed, and how to run it again",
        "The disk was full. Check free space before you start the job again.",
        ("backup", "operations", "terminal"), "dev@demo.example", "terminal", "dev@backup01: ~",
        (
            Step(("$ systemctl status nightly-backup", "Active: failed (exit code 28)", "No space left on device"),
                 "The nightly backup failed with exit code twenty eight: no space left on the device."),
            Step(("$ df -h /srv/backup", "/dev/sdb1  2.0T  2.0T  12M  100%"),
                 "The backup disk is full, because the old archives were never removed."),
            Step(("$ backup prune --keep-daily 14", "removed 31 archives, 640 GB free"),
                 "Prune the archives, and keep the last fourteen days."),
            Step(("$ systemctl start nightly-backup", "Active: active (running)"),
                 "Then start the service again, and watch it until it says running."),
        ),
        (5, 3, 4),
    ),
    Story(
        "Debug a failing test with a breakpoint",
        "breakpoint() instead of print: look around, then continue.",
        ("python", "testing", "debugging"), "ben@demo.example", "editor", "test_basket.py",
        (
            Step(("def test_total_with_discount():", "    basket = Basket()", "    basket.add('tea', 4.50)"),
                 "This test fails, and the message does not tell us why."),
            Step(("    breakpoint()", "    assert basket.total() == 4.05"),
                 "Put a breakpoint just before the assertion, and run the test again."),
            Step(("(Pdb) p basket.discount", "Decimal('0.01')", "(Pdb) continue"),
                 "In the debugger, print the discount. It is one percent instead of ten, so the bug is in the parser."),
        ),
        (5, 5),
    ),
    Story(
        "Book a meeting room for a whole series",
        "One booking for all Tuesdays instead of ten single ones.",
        ("office", "calendar"), "chiara@demo.example", "form", "Calendar - New event",
        (
            Step(("Title | Design review", "Room | Copenhagen (8 seats)"),
                 "Open a new event, and choose the room first, so that the calendar shows when it is free."),
            Step(("Repeat | Every Tuesday", "Until | 15 December"),
                 "Set repeat to every Tuesday, and give it an end date. A room cannot be booked for ever."),
            Step(("Conflicts | 1 of 4: moved to Oslo",),
                 "If one date is taken, move only that one to another room, and save the series."),
        ),
        (3, 4),
    ),
    Story(
        "Speed up a slow database query with an index",
        "EXPLAIN first, index second, measure third.",
        ("database", "sql", "performance"), "dev@demo.example", "terminal", "psql shop",
        (
            Step(("shop=# EXPLAIN ANALYZE SELECT * FROM orders", "shop-#   WHERE customer_id = 42;",
                  "Seq Scan on orders  (actual time=812 ms)"),
                 "This query takes eight hundred milliseconds, because it reads the whole table."),
            Step(("shop=# CREATE INDEX CONCURRENTLY orders_customer", "shop-#   ON orders (customer_id);"),
                 "Create the index concurrently, so that nobody has to wait while it is built."),
            Step(("Index Scan using orders_customer", "(actual time=0.4 ms)"),
                 "Explain again: now it is an index scan, and takes less than a millisecond."),
        ),
        (5, 5, 5, 4), pinned=True,
    ),
    Story(
        "Turn a messy CSV into a clean table",
        "Text to columns, trim, and a real date format.",
        ("spreadsheet", "data"), "chiara@demo.example", "sheet", "export.csv",
        (
            Step(("name;joined;town", "  keller;03.02.26;Bern", "ROSSI;2026-04-01;Rome"),
                 "The export has semicolons, spaces, and two kinds of dates."),
            Step(("Name | Joined | Town", "Keller | 2026-02-03 | Bern", "Rossi | 2026-04-01 | Rome"),
                 "Import it with the semicolon as separator, and use trim and proper to clean the names."),
            Step(("Joined: format YYYY-MM-DD",),
                 "Then give the column one date format, so that it sorts the way you expect."),
        ),
        (4,),
    ),
    Story(
        "Onboard a new colleague in ten minutes",
        "The checklist we use on the first day.",
        ("onboarding", "accounts", "office"), "ada@demo.example", "form", "People - New colleague",
        (
            Step(("Name | Finn Jensen", "Team | Support", "Starts | Monday"),
                 "Create the account a day before the start, so that the mail address works on Monday."),
            Step(("Groups | support, wiki, calendar", "Laptop | LT-0417"),
                 "Add the groups of the team, not single permissions. Then assign the laptop from the list."),
            Step(("Welcome mail | sent",), "Send the welcome mail at the end. It holds the link to this library."),
        ),
        (5, 4, 4),
    ),
    Story(
        "Read an error message from the payment service",
        "ERR_CONN_RESET is the network, 402 is the customer's card.",
        ("support", "payments", "debugging"), "dev@demo.example", "terminal", "dev@shop: logs",
        (
            Step(("12:04:11 payment ERR_CONN_RESET after 3 retries",),
                 "Connection reset means the network: the payment will be tried again by itself."),
            Step(("12:05:40 payment 402 card_declined order=88213",),
                 "Four hundred and two means that the bank declined the card. Only the customer can fix that."),
            Step(("$ shopctl payment retry 88213 --dry-run",),
                 "Before you retry an order by hand, do a dry run, or the customer pays twice."),
        ),
        (4, 5, 5),
    ),
    Story(
        "Export a web page as a clean PDF",
        "Print, save as PDF, and leave headers and footers out.",
        ("office", "browser"), "ben@demo.example", "form", "Browser - Print",
        (
            Step(("Destination | Save as PDF", "Pages | All"),
                 "Open print, and choose save as P D F as the destination."),
            Step(("Headers and footers | off", "Background graphics | on"),
                 "Under more settings, switch headers and footers off, and background graphics on."),
            Step(("Scale | 90",), "If a table is cut off at the right, set the scale to ninety percent."),
        ),
        (3, 4, 4, 3),
    ),
    Story(
        "Roll back a bad release",
        "Roll back first, look for the cause afterwards.",
        ("release", "kubernetes", "operations"), "ada@demo.example", "terminal", "ada@deploy: ~",
        (
            Step(("$ kubectl rollout status deploy/shop", "error: deployment exceeded its progress deadline"),
                 "The new release does not come up. Do not debug it while customers are waiting."),
            Step(("$ kubectl rollout undo deploy/shop", "deployment.apps/shop rolled back"),
                 "Rollout undo brings the previous version back in a few seconds."),
            Step(("$ kubectl rollout history deploy/shop", "REVISION 41  42  43"),
                 "Look at the history, note which revision was bad, and tell the team in the release channel."),
        ),
        (5, 5, 5, 5), pinned=True,
    ),
)  # fmt: skip
