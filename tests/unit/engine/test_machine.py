"""The engine, over a small desk: what a caller does, what he hears, where he goes, what is noted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.engine.commands import Ask, HandOver, HangUp, LookUp, Play, RunScript, TakeMessage
from ivr.engine.inputs import Arrived, Caller, HungUp, Key, LineLeft, ScriptAnswer, Silence
from ivr.engine.limits import STEPS_PER_TURN, TURNS_PER_CALL
from ivr.engine.machine import advance
from ivr.engine.session import Session, unpack
from ivr.errors import DeskError
from ivr.flows.model import Desk

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)

SMALL = {
    "desk": "small",
    "numbers": ["100", "101"],
    "languages": ["en", "ru"],
    "hours": {"mon-fri": "09:00-18:00", "closed": {"say": {"en": "Closed.", "ru": "Закрыто."}, "then": "hang up"}},
    "recording": {"notice": "once"},
    "agents": {"201": "Ann", "202": "Ben", "203": "Cid"},
    "categories": {"sale": "sale", "claim": "claim"},
    "lines": {
        "first": {"agents": ["201"], "then": "second"},
        "second": {"agents": ["202"], "whisper": True, "record": False, "then": "regret"},
        "third": {"agents": ["203"], "whisper": "accept"},
    },
    "flow": {
        "hello": {"say": {"en": "Hello.", "ru": "Привет."}, "then": "why"},
        "why": {
            "menu": {"en": "Sale one, claim two.", "ru": "Один, два."},
            "1": {"category": "sale", "then": "first"},
            "2": {"category": "claim", "say": {"en": "Sorry to hear.", "ru": "Жаль."}, "then": "third"},
            "34": "second",
            "9": {"language": "ru", "then": "why"},
            "0": "debt",
            "tries": 2,
            "wrong key": {"en": "No such key.", "ru": "Нет такой."},
            "no answer": "first",
        },
        "debt": {"script": "debt.py:check", "answers": {"owes": "third"}, "otherwise": "first"},
        "regret": {"say": {"en": "Nobody is here.", "ru": "Никого."}, "then": "hang up"},
    },
    "source": {
        "ask": "while waiting",
        "by number": {"101": "billboard"},
        "menu": {"en": "How did you hear of us?", "ru": "Откуда?"},
        "1": "internet",
        "2": "friends",
        "names": {"internet": "internet", "friends": "friends", "billboard": "billboard"},
    },
}


def desk(**changes) -> Desk:
    return Desk.model_validate(SMALL | changes)


class Call:
    """One call through the engine; remembers what came out."""

    def __init__(self, its: Desk | None = None, number="100", caller="+7900", now=NOON):
        self.desk, self.now = its or desk(), now
        self.session = Session("small", "v1")
        self.facts = []
        self.does(Arrived(number, caller))

    def does(self, *inputs):
        for happened in inputs:
            turn = advance(self.desk, self.session, happened, self.now)
            self.session, self.commands = turn.session, turn.commands
            self.facts += turn.facts
        return self

    @property
    def last(self):
        return self.commands[-1]

    def noted(self, name):
        return [dict(fact.values) for fact in self.facts if fact.name == name]


def test_the_informer_is_spoken_with_the_menu_so_that_a_key_may_come_during_it():
    call = Call()
    assert call.commands == (Ask(("hello", "why"), "en", 4.0),)
    assert [fact.name for fact in call.facts] == ["began", "entered", "entered"]


def test_a_desk_that_is_closed_for_now_goes_its_way_of_closed_hours_at_noon():
    turn = advance(desk(), Session("small", "v1"), Arrived("100", "+7900", closed=True), NOON)
    assert [fact.name for fact in turn.facts] == ["began", "closed", "ended"]
    assert turn.commands == (Play(("closed",), "en"), HangUp("goodbye"))


def test_a_desk_without_hours_has_no_such_way_and_is_never_closed():
    turn = advance(desk(hours=None), Session("small", "v1"), Arrived("100", "+7900", closed=True), NOON)
    assert [fact.name for fact in turn.facts] == ["began", "entered", "entered"]


def test_a_key_gives_category_and_line():
    call = Call().does(Key("1"), Caller())
    assert call.noted("category") == [{"category": "sale"}]
    assert isinstance(call.last, HandOver)
    assert (call.last.line, call.last.category, call.last.ask) == ("first", "sale", "waiting")


def test_a_way_may_speak_before_the_line():
    call = Call().does(Key("2"))
    assert call.commands == (Play(("why.2",), "en"), LookUp("+7900"))


def test_the_recording_notice_is_spoken_once_and_only_before_a_recorded_line():
    recorded = Call().does(Key("1"), Caller())
    assert recorded.commands[0] == Play(("notice",), "en")
    silent = Call().does(Key("3"), Key("4"), Caller())
    assert [type(command) for command in silent.commands] == [HandOver]
    assert silent.noted("notice") == []


def test_the_notice_is_spoken_before_a_line_that_is_not_recorded_but_overflows_to_one_that_is():
    lines = SMALL["lines"] | {"second": SMALL["lines"]["second"] | {"then": "third"}}
    call = Call(desk(lines=lines)).does(Key("3"), Key("4"), Caller())
    assert call.commands[0] == Play(("notice",), "en")
    assert len(call.noted("notice")) == 1


def test_a_wrong_key_is_told_and_the_menu_spoken_again_then_the_no_answer_way_is_taken():
    call = Call().does(Key("7"))
    assert call.commands == (Ask(("why.wrong-key", "why"), "en", 4.0),)
    call.does(Key("8"), Caller())
    assert isinstance(call.last, HandOver)
    assert call.last.line == "first"
    assert call.noted("wrong") == [{"node": "why", "key": "7"}, {"node": "why", "key": "8"}]


def test_silence_is_asked_once_more_and_then_gets_a_person():
    call = Call().does(Silence())
    assert call.commands == (Ask(("why",), "en", 4.0),)
    call.does(Silence(), Caller())
    assert isinstance(call.last, HandOver)
    assert call.noted("silent") == [{"node": "why"}, {"node": "why"}]


def test_a_key_of_two_digits_waits_in_silence_for_the_second():
    call = Call().does(Key("3"))
    assert call.commands == (Ask((), "en", 3.0),)
    call.does(Key("4"), Caller())
    assert call.last.line == "second"
    assert call.noted("key") == [{"node": "why", "key": "34"}]


def test_half_a_key_counts_as_a_wrong_one():
    call = Call().does(Key("3"), Silence())
    assert call.noted("wrong") == [{"node": "why", "key": "3"}]


def test_the_caller_may_pick_a_language():
    call = Call().does(Key("9"))
    assert call.commands == (Ask(("why",), "ru", 4.0),)
    assert call.does(Key("1"), Caller()).last.language == "ru"


def test_outside_opening_hours_the_closed_way_is_taken():
    call = Call(now=NIGHT)
    assert call.commands == (Play(("closed",), "en"), HangUp("goodbye"))
    assert [fact.name for fact in call.facts] == ["began", "closed", "ended"]


def test_the_dialled_number_tells_the_source_and_nothing_is_asked():
    call = Call(number="101").does(Key("1"), Caller())
    assert call.noted("source") == [{"source": "billboard", "how": "dialled"}]
    assert (call.last.source, call.last.ask) == ("billboard", "")


def test_a_source_that_the_ledger_knows_is_not_asked_again():
    call = Call().does(Key("1"), Caller(known=True, source="friends"))
    assert call.noted("source") == [{"source": "friends", "how": "known"}]
    assert (call.last.source, call.last.ask, call.last.known) == ("friends", "", True)


def test_a_source_that_this_desk_does_not_have_is_not_taken_over():
    call = Call().does(Key("1"), Caller(known=True, source="leaflet"))
    assert call.noted("source") == []
    assert (call.last.source, call.last.ask) == ("", "waiting")


def test_a_ledger_that_does_not_answer_makes_the_caller_neither_new_nor_known():
    call = Call().does(Key("1"), Caller())
    assert call.noted("caller") == []
    assert not unpack(call.last.session).looked_up


def test_before_the_line_the_question_is_put_and_answered():
    its = desk(source=SMALL["source"] | {"ask": "before the line"})
    call = Call(its).does(Key("1"), Caller())
    assert call.commands == (Ask(("source",), "en", 3.0),)
    call.does(Key("2"))
    assert (call.last.source, call.last.ask) == ("friends", "")
    assert call.noted("source") == [{"source": "friends", "how": "asked"}]


@pytest.mark.parametrize("answer", [Silence(), Key("9")])
def test_before_the_line_no_answer_costs_one_try_only(answer):
    its = desk(source=SMALL["source"] | {"ask": "before the line"})
    call = Call(its).does(Key("1"), Caller(), answer)
    assert (call.last.line, call.last.source, call.last.ask) == ("first", "", "")


def test_the_agent_asks_where_the_desk_says_so():
    its = desk(source=SMALL["source"] | {"ask": "by agent"})
    assert Call(its).does(Key("1"), Caller()).last.ask == "agent"


def test_never_means_never():
    its = desk(source=SMALL["source"] | {"ask": "never"})
    assert Call(its).does(Key("1"), Caller()).last.ask == ""


def test_a_withheld_number_is_not_looked_up():
    assert isinstance(Call(caller="").does(Key("1")).last, HandOver)


def test_a_scripts_answer_picks_the_way_and_a_failure_the_other():
    call = Call().does(Key("0"))
    assert call.commands == (RunScript("debt.py:check", 30.0),)
    assert call.does(ScriptAnswer("owes"), Caller()).last.line == "third"
    assert Call().does(Key("0"), ScriptAnswer("", failed=True), Caller()).last.line == "first"
    assert Call().does(Key("0"), ScriptAnswer("what"), Caller()).last.line == "first"


def test_a_line_that_ended_without_a_talk_goes_on_at_its_node():
    handed = Call().does(Key("3"), Key("4"), Caller())
    later = Call()
    later.session = unpack(handed.last.session)
    later.does(LineLeft("second", "TIMEOUT"))
    assert later.commands == (Play(("regret",), "en"), HangUp("goodbye"))


def test_after_the_caller_hung_up_nothing_more_is_wanted():
    call = Call().does(HungUp())
    assert call.commands == ()
    assert call.session.awaiting == "nothing"


def test_a_loop_without_input_ends_on_the_first_line():
    its = desk(flow={"a": {"say": "a", "then": "b"}, "b": {"say": "b", "then": "a"}}, languages=["en"])
    call = Call(its).does(Caller())
    assert call.noted("limit") == [{}]
    assert call.last.line == "first"
    assert len(call.noted("entered")) == STEPS_PER_TURN


def test_a_caller_who_goes_round_for_ever_gets_a_person():
    call = Call()
    for _ in range(TURNS_PER_CALL):
        call.does(Key("9"))
    assert call.noted("limit")


def test_a_way_into_nothing_ends_on_the_first_line():
    call = Call(desk(flow={"a": {"say": "a", "then": "nowhere"}}, languages=["en"])).does(Caller())
    assert call.last.line == "first"


def test_a_packed_session_comes_back_and_is_short():
    session = Call().does(Key("2"), Caller(known=True, source="friends")).session
    assert unpack(session.pack()) == session
    assert len(session.pack()) < 400


@pytest.mark.parametrize("text", ["", "!!!", "bnVsbA", "eyJkZXNrIjoxfQ", "W10", "eyJhIjoxfQ"])
def test_a_session_that_is_not_ours_is_refused(text):
    with pytest.raises(DeskError):
        unpack(text)


INPUTS = st.one_of(
    st.sampled_from("0123456789*#").map(Key),
    st.just(Silence()),
    st.builds(Caller, st.sampled_from([None, True, False]), st.sampled_from(["", "internet"])),
    st.builds(ScriptAnswer, st.sampled_from(["owes", ""]), st.booleans()),
    st.sampled_from(["first", "second"]).map(lambda line: LineLeft(line, "TIMEOUT")),
)


@given(st.lists(INPUTS, max_size=80))
def test_whatever_comes_in_every_turn_ends_in_one_command_that_waits_or_leaves(inputs):
    call = Call().does(*inputs)
    assert isinstance(call.last, Ask | LookUp | RunScript | HandOver | HangUp)
    assert all(isinstance(command, Play) for command in call.commands[:-1])
    assert len(call.session.pack()) < 600


def test_a_way_to_the_voicemail_ends_the_engines_part_in_the_callers_language():
    ways = SMALL["flow"]["why"] | {"5": {"then": "voicemail", "category": "sale"}}
    call = Call(desk(voicemail={}, flow=SMALL["flow"] | {"why": ways})).does(Key("9"), Key("5"))
    assert call.last == TakeMessage("ru")
    assert call.noted("category") == [{"category": "sale"}]
    assert call.session.awaiting == "nothing"


def test_a_closed_desk_may_take_messages():
    hours = SMALL["hours"] | {"closed": {"say": {"en": "Closed.", "ru": "Закрыто."}, "then": "voicemail"}}
    call = Call(desk(voicemail={}, hours=hours), now=NIGHT)
    assert call.commands == (Play(("closed",), "en"), TakeMessage("en"))


def test_a_line_behind_which_a_node_leads_to_the_voicemail_gets_there_by_the_engine():
    flow = SMALL["flow"] | {"regret": SMALL["flow"]["regret"] | {"then": "voicemail"}}
    call = Call(desk(voicemail={}, flow=flow)).does(LineLeft("second", "TIMEOUT"))
    assert call.commands == (Play(("regret",), "en"), TakeMessage("en"))
