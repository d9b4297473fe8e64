import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.asterisk.agi_request import MAX_BYTES, HeaderParser, HeaderRefused, Request

GOOD = {
    "network": "yes", "network_script": "desk", "request": "agi://127.0.0.1:4573/desk?node=a%20b&x=1",
    "channel": "PJSIP/1",
    "language": "ru", "type": "PJSIP", "uniqueid": "d1-1.5", "version": "22", "callerid": "+79210000000",
    "calleridname": "Иван: Петров", "callingpres": "0", "dnid": "8124483454", "rdnis": "unknown", "context": "desk",
    "extension": "100", "priority": "1", "enhanced": "0.0", "accountcode": "", "threadid": "1", "arg_1": "first",
    "arg_2": "",
}  # fmt: skip


def block(**changes: str) -> bytes:
    return "".join(f"agi_{name}: {value}\n" for name, value in (GOOD | changes).items()).encode() + b"\n"


def read(data: bytes) -> Request | None:
    return HeaderParser().feed(data)


def test_a_session_tells_who_calls_whom_and_what_for():
    request = read(block())
    assert (request.path, dict(request.query), request.args) == ("desk", {"node": "a b", "x": "1"}, ("first", ""))
    assert (request.uniqueid, request.channel, request.language) == ("d1-1.5", "PJSIP/1", "ru")
    assert (request.caller_number, request.caller_name) == ("+79210000000", "Иван: Петров")
    assert (request.dnid, request.rdnis, request.context, request.extension) == ("8124483454", "", "desk", "100")
    assert request.headers["callingpres"] == "0"


def test_a_withheld_number_is_empty():
    request = read(block(callerid="unknown", calleridname="unknown"))
    assert (request.caller_number, request.caller_name) == ("", "")


@pytest.mark.parametrize("number", ["+7921\x01; DROP", "${EVAL(x)}", "7" * 200, '"|,', "hangup", "☎"])
def test_b1_a_hostile_number_is_cleaned(number):
    cleaned = read(block(callerid=number)).caller_number
    assert len(cleaned) <= 32
    assert set(cleaned) <= set("+0123456789*#")


def test_b1_a_name_keeps_no_control_characters_and_80_letters():
    name = read(block(calleridname="a\x1b[31m\x00" + "я" * 200)).caller_name
    assert name.startswith("a[31mя")
    assert len(name) == 80


@pytest.mark.parametrize("forged", ["1\nagi_extension: 999", "1\nagi_arg_1: x", "1\r\nagi_dnid: 1"])
def test_b1_a_header_that_comes_twice_refuses_the_session(forged):
    with pytest.raises(HeaderRefused, match="twice"):
        read(block(callerid=forged))


def test_b1_a_blank_line_inside_the_number_refuses_the_session():
    with pytest.raises(HeaderRefused, match="without agi_threadid"):
        read(block(callerid="1\n\n200 result=0"))


@pytest.mark.parametrize("raw", [b"GET / HTTP/1.1\r\n\r\n", b"\n", b"\x16\x03\x01\n\n", b"agi_request\n\n"])
def test_what_is_no_agi_is_refused(raw):
    with pytest.raises(HeaderRefused):
        read(raw)


def test_f8_a_header_has_limits():
    parser = HeaderParser()
    parser.feed(b"a" * MAX_BYTES)
    with pytest.raises(HeaderRefused, match="bytes"):
        parser.feed(b"a")
    with pytest.raises(HeaderRefused, match="headers"):
        read(b"".join(b"agi_arg_%d: x\n" % place for place in range(1000)))


@given(st.lists(st.integers(1, 60)))
def test_any_split_reads_the_same_and_keeps_what_follows(cuts):
    parser = HeaderParser()
    rest = block() + b"HANGUP\nx"
    request = None
    for cut in [*cuts, len(rest)]:
        if request is None:
            request = parser.feed(rest[:cut])
            rest = rest[cut:]
    assert request == read(block())
    assert parser.rest + rest == b"HANGUP\nx"


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw):
    try:
        read(raw)
    except HeaderRefused:
        return


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=60))
def test_any_address_is_read(address):
    assert read(block(request=address)) is not None
