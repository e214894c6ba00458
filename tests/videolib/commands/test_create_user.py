"""manage.py create_user."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from videolib.accounts.models import AuditEntry, User

pytestmark = pytest.mark.django_db

PASSWORD = "plum-tower-9 lantern"


class Terminal(StringIO):
    """A standard input that somebody sits before."""

    def isatty(self) -> bool:
        return True


def run(monkeypatch, *args, stdin=None):
    monkeypatch.setattr("sys.stdin", stdin or StringIO())
    out = StringIO()
    call_command("create_user", *args, stdout=out)
    return out.getvalue()


def test_it_makes_a_person_with_the_password_from_standard_input(monkeypatch):
    said = run(
        monkeypatch,
        *("Ann@Example.com", "--role", "curator", "--name", "Ann Able", "--password-stdin"),
        stdin=StringIO(f"{PASSWORD}\n"),
    )
    ann = User.objects.get()
    assert (ann.email, ann.role, ann.name) == ("ann@example.com", "curator", "Ann Able")
    assert ann.check_password(PASSWORD)
    assert said == "Made ann@example.com, role curator.\n"
    assert AuditEntry.objects.get(deed="create person").by is None


def test_that_person_signs_in_even_where_addresses_are_confirmed(monkeypatch, client, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    run(monkeypatch, "ann@example.com", "--role", "admin", "--password-stdin", stdin=StringIO(PASSWORD))
    answer = client.post("/accounts/login/", {"login": "ann@example.com", "password": PASSWORD}, follow=True)
    assert answer.wsgi_request.user.is_admin


def test_on_a_terminal_it_asks_twice(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "videolib.management.commands.create_user.getpass", lambda prompt: asked.append(prompt) or PASSWORD
    )
    run(monkeypatch, "ann@example.com", "--role", "learner", stdin=Terminal())
    assert asked == ["Password: ", "Password again: "]
    assert User.objects.get().check_password(PASSWORD)


def test_two_different_passwords_are_refused(monkeypatch):
    answers = iter([PASSWORD, "another"])
    monkeypatch.setattr("videolib.management.commands.create_user.getpass", lambda prompt: next(answers))
    with pytest.raises(CommandError, match="two different passwords"):
        run(monkeypatch, "ann@example.com", "--role", "learner", stdin=Terminal())
    assert not User.objects.exists()


def test_without_a_terminal_it_prints_a_link_to_set_the_password(monkeypatch, client):
    said = run(monkeypatch, "ann@example.com", "--role", "learner")
    assert not User.objects.get().has_usable_password()
    link = said.split()[-1]
    form = client.get(link, follow=True)
    client.post(form.wsgi_request.path, {"password1": PASSWORD, "password2": PASSWORD})
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.parametrize(
    ("args", "password", "sentence"),
    [
        (["nonsense", "--role", "learner"], PASSWORD, "nonsense: This is not an e-mail address."),
        (["", "--role", "learner"], PASSWORD, "This is not an e-mail address."),
        (["TAKEN@example.com", "--role", "learner"], PASSWORD, "Somebody with this address is here already."),
        (["a@example.com", "--role", "owner"], PASSWORD, "There is no role 'owner'; choose one of learner,"),
        (["a@example.com", "--role", "learner", "--name", "x" * 81], PASSWORD, "longer than 80"),
        (["a@example.com", "--role", "learner"], "short", "too short"),
        (["ann.able@example.com", "--role", "learner"], "ann.able@example", "too similar to the email"),
        (["a@example.com", "--role", "learner"], "", "holds no password"),
    ],
)
def test_what_cannot_be_ends_with_one_sentence(monkeypatch, args, password, sentence):
    User.objects.create_user("taken@example.com")
    with pytest.raises(CommandError) as raised:
        run(monkeypatch, *args, "--password-stdin", stdin=StringIO(password))
    assert sentence in str(raised.value)
    assert raised.value.returncode == 1
    assert User.objects.count() == 1
