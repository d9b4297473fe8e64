"""The SIP codec: tolerant in reading, strict in writing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.phone.address import Address, parameter, read_address, sip_uri
from ivr.phone.sip import MalformedError, Request, Response, answer, parse, split_list

HEADERS = (
    ("Via", "SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK1"),
    ("From", '"Анна" <sip:+7921@127.0.0.1>;tag=a'),
    ("To", "<sip:100@127.0.0.1>"),
    ("Call-ID", "c1"),
    ("CSeq", "7 INVITE"),
)
INVITE = Request(HEADERS, b"v=0\r\n", method="INVITE", uri="sip:100@127.0.0.1")
TOLERABLE = (
    b"\r\nINVITE sip:100@h SIP/2.0\nv: SIP/2.0/UDP h;branch=z9hG4bK1 ,\n SIP/2.0/UDP g;branch=x\nf : <sip:a@h>;tag=1\n"
    b"t:<sip:100@h>\ni: c1\nCSEQ: 7   invite\nl: 3\n\nabcdef"
)


def test_what_is_written_is_read_back():
    read = parse(INVITE.encode())
    assert read == INVITE.having(("Content-Length", "5"))
    assert (read.branch, read.sequence, read.call_id) == ("z9hG4bK1", (7, "INVITE"), "c1")


def test_bare_newlines_compact_names_folded_lines_and_odd_blanks_are_tolerated():
    read = parse(TOLERABLE)
    assert isinstance(read, Request)
    assert (read.method, read.sequence, read.body, read.branch) == ("INVITE", (7, "INVITE"), b"abc", "z9hG4bK1")
    assert len(read.listed("Via")) == 2


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"hello",
        INVITE.encode().replace(b"SIP/2.0\r\n", b"HTTP/1.1\r\n", 1),
        INVITE.encode().replace(b"Content-Length: 5", b"Content-Length: 6"),
        INVITE.encode().replace(b"Content-Length: 5", b"Content-Length: -1"),
        INVITE.encode().replace(b"7 INVITE", b"7 BYE"),
        INVITE.encode().replace(b"7 INVITE", b"99999999999 INVITE"),
        INVITE.encode().replace(b"Call-ID: c1\r\n", b""),
        INVITE.encode().replace(b"Call-ID:", b": "),
        INVITE.encode().replace(b"c1", b"c\x001"),
    ],
)
def test_what_is_no_whole_message_is_refused(broken):
    with pytest.raises(MalformedError):
        parse(broken)


@pytest.mark.parametrize("value", ["a\r\nB: c", "a\nb", "a\0b"])
def test_a_value_that_would_break_the_message_is_never_sent(value):
    with pytest.raises(MalformedError):
        INVITE.having(("Subject", value)).encode()
    with pytest.raises(MalformedError):
        Request(HEADERS, method="INVITE", uri=f"sip:{value}").encode()


def test_an_answer_copies_what_names_the_transaction_and_tags_the_to_once():
    ringing = answer(INVITE, 180, "Ringing", tag="b")
    assert isinstance(ringing, Response)
    assert ringing.first("to") == "<sip:100@127.0.0.1>;tag=b"
    assert answer(INVITE.having(("To", "<sip:1@h>;tag=x")), 200, "OK", tag="b").first("To") == "<sip:1@h>;tag=x"
    assert parse(ringing.encode()).branch == INVITE.branch


def test_commas_inside_quotes_and_angle_brackets_separate_nothing():
    assert split_list(r'"a, \"b" <sip:x@h;a=1,2>;q=1 , <sip:y@h>') == [r'"a, \"b" <sip:x@h;a=1,2>;q=1', "<sip:y@h>"]


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_reader(data):
    for datagram in (data, INVITE.encode()[: len(data)] + data, TOLERABLE + data):
        try:
            message = parse(datagram)
        except MalformedError:
            continue
        message.encode()


@given(st.integers(0, 400), st.binary(min_size=1, max_size=3))
def test_no_damaged_message_crashes_the_reader(place, noise):
    whole = INVITE.encode()
    try:
        message = parse(whole[:place] + noise + whole[place + 1 :])
    except MalformedError:
        return
    read_address(message.first("From"))
    message.listed("Via")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30), st.text(max_size=20))
def test_any_name_and_any_number_come_back_as_they_went(name, user):
    written = str(Address(sip_uri(user, "h", 5060), name).tagged("t1"))
    read = read_address(written)
    assert (read.name, read.user, read.tag) == (name, user, "t1")


@given(st.text(max_size=60))
def test_no_address_crashes_the_reader(text):
    read_address(text)
    parameter(text, "tag")


def test_a_caller_s_line_break_travels_escaped():
    assert sip_uri("1\r\nX: y", "h") == "sip:1%0D%0AX%3A%20y@h"
