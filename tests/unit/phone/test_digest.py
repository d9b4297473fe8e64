"""Digest authentication, by the RFCs' own examples."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ivr.phone.digest import Account, Challenge, credentials, strongest

NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
REALM = "http-auth@example.org"
OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def response(line: str) -> str:
    return re.search(r'response="([0-9a-f]+)"', line)[1]


def test_the_examples_of_rfc_7616_are_met():
    account = Account("Mufasa", "Circle of Life")
    for algorithm, expected in {
        "MD5": "8ca523f5e9506fed4657c9700eebdbec",
        "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
    }.items():
        challenge = Challenge(REALM, NONCE, algorithm, "auth", OPAQUE)
        line = credentials(challenge, account, method="GET", uri="/dir/index.html", cnonce=CNONCE)
        assert response(line) == expected


def test_the_strongest_challenge_that_we_know_is_taken():
    lines = [
        'Digest realm="a",nonce="1",algorithm=MD5,qop="auth"',
        'Digest realm="a", nonce="2", algorithm=SHA-256, qop="auth,auth-int", stale=TRUE, opaque="o\\"p"',
        'Digest realm="a", nonce="3", algorithm=SHA-512-256, qop="auth"',
        'Digest realm="a", nonce="4", qop="auth-int"',
        'Basic realm="a"',
    ]
    assert strongest(lines) == Challenge("a", "2", "SHA-256", "auth", 'o"p', stale=True)
    assert strongest(lines[2:]) is None


def test_without_qop_the_old_form_is_used():
    line = credentials(Challenge("r", "n"), Account("u", 'p"'), method="REGISTER", uri="sip:h", cnonce="c")
    assert "qop" not in line
    assert "cnonce" not in line


@given(st.text(max_size=80))
def test_no_challenge_crashes_the_reader(text):
    strongest([text, "Digest " + text])
