import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.asterisk.agi_codec import (
    MAX_REPLY,
    Hangup,
    Reply,
    ReplyParser,
    ReplyTooLong,
    Stray,
    UnsafeCommand,
    split_command,
    write_command,
)

text = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=40)


def parse(data: bytes, fence: str = "") -> list:
    parser = ReplyParser()
    parser.expect(fence)
    return list(parser.feed(data))


def test_a_command_is_one_quoted_line():
    line = write_command("EXEC", "Read", "KEY,a&b,1,,1,4")
    assert line == b'EXEC "Read" "KEY,a&b,1,,1,4"\n'


@given(st.lists(text, max_size=20))
def test_f9_asterisk_reads_exactly_the_arguments_that_were_written(arguments):
    line = write_command("EXEC", *arguments)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert split_command(line[:-1].decode()) == ["EXEC", *arguments]


@pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\0b", "\n", "\ud800"])
def test_f9_b1_s3_a_line_break_a_nul_or_broken_unicode_is_refused(bad):
    with pytest.raises(UnsafeCommand):
        write_command("EXEC", "Set", bad)


@pytest.mark.parametrize("verb", ["", "EXEC\nHANGUP", "EXEC ", 'EXEC "a"', "GET  VARIABLE"])
def test_f9_a_verb_is_plain_words(verb):
    with pytest.raises(UnsafeCommand):
        write_command(verb)


def test_f9_a_line_of_8000_bytes_is_the_longest():
    longest = 8000 - len('EXEC ""\n')
    assert len(write_command("EXEC", "x" * longest)) == 8000
    with pytest.raises(UnsafeCommand):
        write_command("EXEC", "x" * (longest + 1))
    with pytest.raises(UnsafeCommand):
        write_command("EXEC", '"' * 4000)


def test_f9_the_127th_word_is_the_last():
    write_command("SET VARIABLE", *["x"] * 125)
    with pytest.raises(UnsafeCommand):
        write_command("SET VARIABLE", *["x"] * 126)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"200 result=0\n", Reply(200, "0")),
        (b"200 result=-1\n", Reply(200, "-1")),
        (b"200 result= (timeout)\n", Reply(200, "", "timeout")),
        (b"200 result=12 (timeout)\n", Reply(200, "12", "timeout")),
        (b"200 result=49 endpos=8000\n", Reply(200, "49", rest="endpos=8000")),
        (b"200 result=1 (speech) endpos=5 results=0 \n", Reply(200, "1", "speech", "endpos=5 results=0 ")),
        (b"200 result=1 (a (b) c)\n", Reply(200, "1", "a (b) c")),
        (b"200 result=1 ()\n", Reply(200, "1")),
        (b"200 result=1 (one\ntwo)\n", Reply(200, "1", "one\ntwo")),
        (b"200 result=1 (one\n\nHANGUP\n200 result=0\nend)\n", Reply(200, "1", "one\n\nHANGUP\n200 result=0\nend")),
        ("200 result=1 (Иван)\n".encode(), Reply(200, "1", "Иван")),
        (b"200 result=1 (\xff)\n", Reply(200, "1", "\ufffd")),
        (b"510 Invalid or unknown command\n", Reply(510, rest="Invalid or unknown command")),
        (b"511 Command Not Permitted on a dead channel\n", Reply(511, rest="Command Not Permitted on a dead channel")),
        (b"520 Invalid command syntax.  Proper usage not available.\n",
         Reply(520, rest="Invalid command syntax.  Proper usage not available.")),
        (b"520-Proper usage follows:\nUsage: X\n\n200 result=0\nHANGUP\n520 End of proper usage.\n",
         Reply(520, rest="Proper usage follows:\nUsage: X\n\n200 result=0\nHANGUP")),
        (b"520-Follows:\nUsage without its newline.520 End of proper usage.\n",
         Reply(520, rest="Follows:\nUsage without its newline.")),
    ],
)  # fmt: skip
def test_b6_each_form_of_reply_is_read_and_the_next_one_is_in_step(raw, expected):
    assert parse(raw + b"200 result=7\n") == [expected, Reply(200, "7")]


def test_a_100_is_passed_over():
    assert parse(b"100 result=0 Trying...\n200 result=1\n") == [Reply(200, "1")]


def test_endpos_is_a_number_of_samples():
    assert parse(b"200 result=0 endpos=1234\n")[0].endpos == 1234
    assert Reply(200).endpos == 0


def test_a_hangup_comes_between_replies_and_twice():
    assert parse(b"HANGUP\nHANGUP\n200 result=-1\nHANGUP\n") == [Hangup(), Hangup(), Reply(200, "-1"), Hangup()]


@pytest.mark.parametrize(
    "value", ["HANGUP", "HANGUP\n", "a)\nHANGUP\n", "a)\n200 result=1 (b", ")\n)\n(", "", "511 x)"]
)
def test_b6_b1_behind_a_fence_a_value_can_be_anything(value):
    raw = f"200 result=1 ({value}f00d)\nHANGUP\n".encode()
    assert parse(raw, fence="f00d") == [Reply(200, "1", value), Hangup()]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r")), st.integers(1, 5))
def test_b6_behind_a_fence_any_value_in_any_pieces_is_read_back(value, size):
    raw = f"200 result=1 ({value}=f00d=)\n510 no\n".encode()
    parser = ReplyParser()
    parser.expect("=f00d=")
    events = [event for at in range(0, len(raw), size) for event in parser.feed(raw[at : at + size])]
    assert events == [Reply(200, "1", value), Reply(510, rest="no")]


def test_a_line_that_nobody_asked_for_is_a_stray():
    assert parse(b"agi_dnid: 1\n\nhello\n") == [Stray("agi_dnid: 1"), Stray("hello")]


lines = st.sampled_from(
    [
        b"200 result=1 (",
        b"x)",
        b"HANGUP",
        b"520-usage",
        b"520 End of proper usage.",
        b"200 result=0",
        b"",
        b"\r",
        b"511 d",
    ]
)


@given(st.lists(lines | st.binary(max_size=20)), st.lists(st.integers(1, 7)))
def test_any_split_of_any_bytes_gives_the_same_events_and_never_fails(parts, cuts):
    raw = b"\n".join([*parts, b""])
    parser = ReplyParser()
    events = []
    rest = raw
    for cut in [*cuts, len(raw)]:
        events += parser.feed(rest[:cut])
        rest = rest[cut:]
    assert events == parse(raw)


def test_a_reply_without_end_is_given_up():
    parser = ReplyParser()
    parser.feed(b"x" * MAX_REPLY)
    with pytest.raises(ReplyTooLong):
        parser.feed(b"x")
    parser = ReplyParser()
    with pytest.raises(ReplyTooLong):
        parser.feed(b"200 result=1 (" + b"\n" * (MAX_REPLY + 1))
