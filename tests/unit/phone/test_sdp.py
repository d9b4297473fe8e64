"""Session descriptions: what we offer, and how we answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.phone import sdp


def test_what_is_offered_is_read_back():
    assert sdp.read(sdp.write(sdp.Audio("127.0.0.1", 4000))) == sdp.Audio("127.0.0.1", 4000)


def test_an_answer_takes_the_offer_s_first_law_and_its_payload_type_for_keys():
    offer = sdp.read(
        b"v=0\r\nc=IN IP4 10.0.0.1\r\nm=video 1 RTP/AVP 99\r\nm=audio 4000 RTP/AVP 9 107 0 96\r\nc=IN IP4 10.0.0.2\r\n"
        b"a=rtpmap:107 pcma/8000\r\na=rtpmap:96 telephone-event/8000\r\na=sendonly\r\n"
    )
    assert (offer.host, offer.port, offer.laws, offer.events) == ("10.0.0.2", 4000, {107: "PCMA", 0: "PCMU"}, 96)
    answer = sdp.choose(offer, "127.0.0.1", 5000)
    assert (answer.laws, answer.events, answer.direction) == ({107: "PCMA"}, 96, "recvonly")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"m=audio 0 RTP/AVP 0\r\nc=IN IP4 1.2.3.4\r\n",
        b"m=audio 4000 RTP/AVP 9\r\nc=IN IP4 1.2.3.4\r\n",
        b"m=audio 4000 RTP/AVP 0\r\n",
        b"m=audio 4000 RTP/SAVP 0\r\nc=IN IP4 1.2.3.4\r\n",
    ],
)
def test_a_description_without_audio_that_we_speak_is_refused(body):
    with pytest.raises(sdp.NoAudioError):
        sdp.read(body)


@given(st.binary(max_size=200))
def test_no_description_crashes_the_reader(body):
    for text in (body, b"c=IN IP4 1.2.3.4\nm=audio 4000 RTP/AVP 0\n" + body):
        try:
            sdp.read(text)
        except sdp.NoAudioError:
            continue
