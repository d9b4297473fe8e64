"""Which prompts a desk needs, and what they are called."""

from pathlib import Path

import pytest

from ivr.flows.model import KEY, Desk
from ivr.flows.phrases import HOUSE, PHRASE_IDS
from ivr.flows.prompts import key_prompt, prompts_of, says_notice, tells_notice
from ivr.flows.reader import read_desk

DIALPLANS = Path(__file__).parents[3] / "dialplans"
WHISPER = [
    "whisper.category.sale", "whisper.category.claim",
    *(f"whisper.waited.{seconds}" for seconds in (10, 20, 30, 60, 120, 300)),
    "whisper.known", "whisper.new",
]  # fmt: skip


def ids(path: Path) -> list[str]:
    """Return what callers hear, and agents before a talk."""
    found = [prompt.id for prompt in prompts_of(read_desk(path))]
    return [name for name in found if not name.startswith("agent.")]


def test_every_desk_confirms_its_agents_acts(write):
    found = [prompt.id for prompt in prompts_of(read_desk(write())) if prompt.id.startswith("agent.")]
    assert found == ["agent.ready", "agent.paused", "agent.out", "agent.unknown"]


def test_a_desk_without_whisper_recording_and_source_needs_only_its_flow(write):
    assert ids(write()) == ["hello", "reason", "sorry"]


def test_everything_that_is_said_in_a_menu_has_its_own_prompt(write):
    path = write(
        {
            "    1: {": '    "*": {then: first, say: Star}\n    "#": {then: first, say: Pound}\n    1: {say: One, ',
            "no answer: first": "no answer: {then: first, say: Nobody}\n    wrong key: Wrong",
        }
    )
    assert ids(path) == [
        "hello", "reason", "reason.wrong-key", "reason.star", "reason.pound", "reason.1", "reason.no-answer", "sorry",
    ]  # fmt: skip


def test_script_ways_are_named_by_their_answers(write, tmp_path):
    (tmp_path / "shop" / "scripts").mkdir(parents=True)
    (tmp_path / "shop" / "scripts" / "a.py").write_text("def run(agi): ...\n")
    node = "{script: 'a.py:run', answers: {Yes_1: {then: first, say: Yes}}, otherwise: {then: reason, say: Else}}"
    assert ids(write({"{say: Hello, then: reason}": node})) == ["hello.Yes_1", "hello.otherwise", "reason", "sorry"]


def test_the_closed_way_and_the_notice_come_first(write):
    path = write(add="hours: {mon: '09:00-10:00', closed: {say: Closed, then: hang up}}\nrecording: {notice: once}\n")
    assert ids(path) == ["closed", "notice", "hello", "reason", "sorry"]


@pytest.mark.parametrize("recording", ["{notice: never}", "{notice: once}"])
def test_no_notice_is_needed_where_nobody_is_told_or_recorded(write, recording):
    lines = {"[201],": "[201], record: false,", "[202],": "[202], record: false,"} if "once" in recording else {}
    assert "notice" not in ids(write(lines, f"recording: {recording}\n"))


def test_a_whisper_needs_categories_waits_and_known_or_new(write):
    assert ids(write({"[201],": "[201], whisper: true,"}))[3:] == WHISPER


def test_an_accepting_whisper_asks_for_a_key(write):
    assert ids(write({"[201],": "[201], whisper: accept,"}))[3:] == [*WHISPER, "whisper.accept"]


@pytest.mark.parametrize(
    ("ask", "needed"),
    [
        ("while waiting", ["source", "sorry"]),
        ("before the line", ["source", "sorry"]),
        ("by agent", ["sorry"]),
        ("never", ["sorry"]),
    ],
)
def test_the_source_question_is_needed_where_the_caller_is_asked(write, ask, needed):
    path = write(add=f"source: {{ask: {ask}, menu: How, 1: web, names: {{web: web}}}}\n")
    assert ids(path)[2:] == needed


def test_an_agent_who_asks_is_told_so_and_sources_are_named_once(write):
    source = "source: {ask: by agent, 1: web, 2: card, by number: {100: card}, names: {web: web, card: card}}\n"
    found = ids(write({"[201],": "[201], whisper: true,"}, source))
    assert found[5:7] == ["whisper.source.web", "whisper.source.card"]
    assert found[-1] == "whisper.ask-source"


def test_each_prompt_comes_in_each_language(write):
    path = write(
        {
            "language: en": "languages: [en, ru]",
            "Hello": "{en: Hello, ru: Алло}",
            "Sales one. Complaints two.": "{en: S, ru: П}",
        }
    )
    found = [(prompt.id, prompt.language, prompt.text) for prompt in prompts_of(read_desk(path))]
    assert found[:4] == [
        ("hello", "en", "Hello"), ("hello", "ru", "Алло"), ("reason", "en", "S"), ("reason", "ru", "П"),
    ]  # fmt: skip
    assert found[4:6] == [("sorry", language, HOUSE[language]["sorry"]) for language in ("en", "ru")]


def test_a_phrase_of_the_desk_replaces_the_houses(write):
    desk = read_desk(write(add="phrases: {sorry: Too bad}\n"))
    assert {prompt.id: prompt.text for prompt in prompts_of(desk)}["sorry"] == "Too bad"


def test_a_language_without_house_texts_speaks_by_its_own_phrases(write):
    words = "agent.ready: Valmis, agent.paused: Tauko, agent.out: Poissa, agent.unknown: Tuntematon"
    desk = read_desk(write({"language: en": "language: fi"}, f"phrases: {{sorry: Anteeksi, {words}}}\n"))
    assert ("fi", "Anteeksi") in [(prompt.language, prompt.text) for prompt in prompts_of(desk)]


def test_line_ends_within_a_text_are_blanks(write):
    desk = read_desk(write({"say: Hello, then": 'say: "Hello\n\n     you", then'}))
    assert prompts_of(desk)[0].text == "Hello you"


def test_the_house_speaks_each_of_its_languages_whole():
    assert all(set(texts) == set(PHRASE_IDS) for texts in HOUSE.values())


@pytest.mark.parametrize("path", sorted(DIALPLANS.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_two_prompts_of_a_demo_desk_share_a_file(path):
    found = [(prompt.id, prompt.language) for prompt in prompts_of(read_desk(path))]
    assert len(found) == len(set(found))
    assert all("/" not in prompt for prompt, _ in found)


def test_keys_have_names_that_a_file_may_have():
    assert [key_prompt("a", key) for key in ("1", "*", "#", "12")] == ["a.1", "a.star", "a.pound", "a.12"]
    assert KEY


def test_a_caller_is_told_before_a_line_that_records_or_overflows_to_one_that_does():
    """A line whose `then` is a node brings him back to the flow, which tells him before the next line."""
    lines = {
        "chat": {"agents": ["201"], "record": False, "then": "help"},
        "help": {"agents": ["201"], "record": False, "then": "taped"},
        "taped": {"agents": ["201"], "then": "chat"},
        "ring": {"agents": ["201"], "record": False, "then": "ring-back"},
        "ring-back": {"agents": ["201"], "record": False, "then": "ring"},
        "flow": {"agents": ["201"], "record": False, "then": "hello"},
    }
    desk = Desk.model_validate(
        {
            "desk": "shop",
            "numbers": ["100"],
            "languages": ["en"],
            "agents": {"201": "Ann"},
            "categories": {"sale": "sale"},
            "recording": {"notice": "once"},
            "lines": lines,
            "flow": {"hello": {"say": "Hello", "then": "taped"}},
        }
    )
    assert [line for line in lines if tells_notice(desk, line)] == ["chat", "help", "taped"]
    assert not tells_notice(desk.model_copy(update={"recording": None}), "taped")
    assert says_notice(desk)
