"""What the team's vocabulary does to the words: real speech and real weights, by every engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.say import say
from scripts.weights import WEIGHTS_FOLDER, install_weights, is_complete
from tests.contracts.test_speech_engines import make_sound, read_sound
from transcode.speech import SpeechEngine, get_engine
from videolib.clips.vocabulary import Words, choose, write_prompt

SPOKEN = {
    "The connections go through PgBouncer to PostgreSQL, and then Nginx serves the page.": ["PgBouncer", "Nginx"],
    "Log in to Keycloak, then check the Sentry alert, and restart Traefik.": ["Keycloak", "Traefik"],
    "Today we deploy the service to Kubernetes. Open the Grafana dashboard, and look at it.": ["Grafana"],
}
NAMES = [name for names in SPOKEN.values() for name in names]
# A list that fills the prompt, as a curator keeps it; none of it is spoken.
OTHERS = [
    *("GitHub", "GitLab", "Docker", "Podman", "Redis", "RabbitMQ", "Elasticsearch", "OpenSearch", "Figma", "Notion"),
    *("Slack", "Mattermost", "Zammad", "Nextcloud", "Salesforce", "HubSpot", "Okta", "Datadog", "PagerDuty", "Helm"),
    *("Istio", "Envoy", "Vault", "Consul", "MinIO", "ClickHouse", "Airflow", "Snowflake", "Looker", "Metabase"),
]


@pytest.fixture(scope="module", params=["faster_whisper", "openai_whisper"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpeechEngine]:
    weights = WEIGHTS_FOLDER
    if not is_complete(weights / "whisper-base"):
        weights = tmp_path_factory.mktemp("weights")
        install_weights(weights)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield get_engine(request.param, "base", weights)


def test_names_that_came_out_wrong_come_out_right(engine: SpeechEngine, tmp_path: Path) -> None:
    prompt = write_prompt(choose(Words(terms=NAMES), Words()))
    wrong, right = [], []
    for number, (text, names) in enumerate(SPOKEN.items()):
        say(text, tmp_path / f"{number}.wav")
        sound = read_sound(tmp_path / f"{number}.wav")
        without = engine.hear(sound, language="en").text
        told = engine.hear(sound, language="en", prompt=prompt).text
        wrong += [name for name in names if name not in without]
        right += [name for name in names if name in told]
        # Told a list, Whisper may go on as if the first words were said already.
        assert len(told.split()) >= 0.8 * len(text.split()), told
    assert wrong == NAMES
    assert right == NAMES


@pytest.mark.parametrize("sound", ["hiss", "tone", "hum", "chords", "keyboard"])
def test_where_nobody_speaks_no_name_is_invented(engine: SpeechEngine, sound: str) -> None:
    prompt = write_prompt(choose(Words(terms=OTHERS), Words()))
    assert engine.hear(make_sound(sound), prompt=prompt).words == ()


@pytest.mark.shared
@pytest.mark.parametrize("name", ["wt-empty.wav", "wt-empty.mp3", "wt-laugh1.mp3"])
def test_nor_in_an_empty_room_nor_in_laughter(engine: SpeechEngine, shared_data: Path, name: str) -> None:
    prompt = write_prompt(choose(Words(terms=OTHERS), Words()))
    assert engine.hear(read_sound(shared_data / "speech/none" / name), prompt=prompt).words == ()


@pytest.mark.shared
def test_a_full_vocabulary_leaves_ordinary_speech_alone(engine: SpeechEngine, shared_data: Path) -> None:
    sound = read_sound(shared_data / "speech/en/jfk.flac")
    told = engine.hear(sound, prompt=write_prompt(choose(Words(terms=OTHERS), Words()))).text
    assert "ask what you can do for your country" in told.lower()
    assert not [name for name in OTHERS if name in told]


@pytest.mark.shared
def test_a_person_who_says_a_product_is_written_as_the_team_writes_it(engine: SpeechEngine, shared_data: Path) -> None:
    sound = read_sound(shared_data / "speech/en/fw-hotwords-comfyui.mp3")
    assert "ComfyUI" not in engine.hear(sound, language="en").text
    prompt = write_prompt(choose(Words(terms=["ComfyUI", *OTHERS]), Words()))
    assert "ComfyUI" in engine.hear(sound, language="en", prompt=prompt).text
