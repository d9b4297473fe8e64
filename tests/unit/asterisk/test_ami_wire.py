import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.asterisk.ami_wire import MAX_MESSAGE, MessageParser, NoAmi, check_action, read_message
from ivr.errors import DeskError

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
STREAM = (
    BANNER
    + (
        "Response: Success\r\nActionID: 1\r\nMessage: hi\r\n\r\n"
        "Event: Newchannel\r\nPrivilege: call,all\r\nCallerIDName: Иван Петров\r\nEmpty: \r\n\r\n"
        "Event: Hangup\r\nPrivilege: call,all\r\nChanVariable: a=1\r\nChanVariable: b=2\r\n\r\n"
    ).encode()
)


def test_messages_are_read_with_their_letters_and_repeated_variables():
    response, newchannel, hangup = MessageParser().feed(STREAM)
    assert (response.event, response.action_id, response.fault) == ("", "1", "")
    assert newchannel.headers["CallerIDName"] == "Иван Петров"
    assert newchannel.headers["Empty"] == ""
    assert (hangup.headers["ChanVariable"], hangup.fault) == ("a=1\nb=2", "")


@given(st.lists(st.integers(1, 30)))
def test_any_split_gives_the_same_messages_and_loses_no_letter(cuts):
    parser = MessageParser()
    rest, found = STREAM, []
    for cut in [*cuts, len(STREAM)]:
        found += parser.feed(rest[:cut])
        rest = rest[cut:]
    assert found == list(MessageParser().feed(STREAM))


@given(st.binary(max_size=400))
def test_any_bytes_are_messages_or_faults_and_never_a_crash(raw):
    for message in MessageParser().feed(BANNER + raw + b"\r\n\r\n"):
        assert message.fault or message.headers


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        ("Event: A\r\nPrivilege: call,all\r\nUniqueid: 1\r\nUniqueid: 2", "Uniqueid twice"),
        ("Event: A\r\nPrivilege: call,all\r\nEvent: B", "Event twice"),
        ("Event: A\r\nUniqueid: 1", "an event without privilege"),
        ("ConnectedLineNum: 1\r\nUniqueid: 2", "neither event nor response"),
        ("Event: A\r\nPrivilege: call,all\r\nno header here", "a line that is no header"),
        ("Event: A\r\nPrivilege: call,all\r\nOther: 1\nnot: a line end", ""),
        ("Event: QueueMember\r\nActionID: 7\r\nQueue: q", ""),
    ],
)
def test_b2_doubled_headers_and_missing_privileges_are_told(block, fault):
    assert read_message(block).fault == fault


def test_b1_a_forged_header_never_wins_over_the_real_one_before_it():
    forged = read_message("Event: A\r\nPrivilege: x\r\nChannel: real\r\nCallerIDNum: 1\r\nChannel: forged")
    assert forged.headers["Channel"] == "real"
    assert forged.fault == "Channel twice"


def test_what_is_no_ami_is_refused():
    with pytest.raises(NoAmi):
        list(MessageParser().feed(b"SSH-2.0-OpenSSH_9\r\n"))
    with pytest.raises(NoAmi):
        list(MessageParser().feed(b"x" * 200))
    parser = MessageParser()
    list(parser.feed(BANNER))
    with pytest.raises(NoAmi):
        list(parser.feed(b"x" * (MAX_MESSAGE + 1)))


@pytest.mark.parametrize("bad", ["a\r\nAction: Originate", "a\nb", "a\0b", "\ud800"])
def test_s3_a_value_cannot_become_a_second_action(bad):
    with pytest.raises(DeskError):
        check_action("QueueAdd", {"Interface": bad})
    with pytest.raises(DeskError):
        check_action("Originate", {"Variable": ["a=1", bad]})
    with pytest.raises(DeskError):
        check_action(bad, {})
    with pytest.raises(DeskError):
        check_action("Ping", {bad: "1"})


def test_usual_actions_pass():
    check_action("Originate", {"Channel": "Local/1@x", "Variable": ["a=1", "имя=Иван"]})
