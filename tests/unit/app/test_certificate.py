"""A certificate that telephones would refuse, or Asterisk cannot use, is told before anything starts."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from ivr.app.certificate import look_at_certificate
from ivr.app.doctor import examine
from ivr.errors import DeskError
from ivr.settings import Settings
from tests.command import run
from tests.running import DEMO

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def issue(tmp_path, authority):
    """Write a certificate and its key, and return the settings that name them."""

    def issued(name="desk.example", ends=300 * DAY, begins=-DAY, **given):
        now = datetime.now(UTC)
        made = authority.issue_cert(name, not_before=now + begins, not_after=now + ends)
        made.private_key_pem.write_to_path(tmp_path / "key.pem")
        (tmp_path / "key.pem").chmod(0o600)
        made.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
        paths = {"tls_certificate": tmp_path / "cert.pem", "tls_key": tmp_path / "key.pem"}
        return Settings(home=tmp_path / "home", recordings=tmp_path, desks=DEMO, shift=7500, **paths | given)

    return issued


def refused(settings):
    with pytest.raises(DeskError) as refusal:
        look_at_certificate(settings)
    assert refusal.value.cure
    return refusal.value.sentence


def test_a_good_certificate_is_told_with_its_names_and_end(issue):
    found = look_at_certificate(issue())
    assert found.names == ("desk.example",)
    assert abs(found.expires_at - (datetime.now(UTC) + 300 * DAY).timestamp()) < 60


def test_without_one_nothing_is_asked():
    assert look_at_certificate(Settings()) is None


def test_one_that_has_ended_or_not_begun_says_so_and_hinders_no_start(issue):
    """Callers come over the trunk without it; its end is told by the metric when it has passed, too."""
    now = time.time()
    assert "ended at" in look_at_certificate(issue(ends=-DAY, begins=-2 * DAY)).fault(now)
    assert "counts from" in look_at_certificate(issue(begins=DAY)).fault(now)
    assert look_at_certificate(issue()).fault(now) == ""


def test_files_that_are_missing_empty_or_something_else_are_refused_by_name(issue, tmp_path):
    settings = issue()
    (tmp_path / "cert.pem").write_text("")
    assert refused(settings) == f"There is no certificate in {tmp_path / 'cert.pem'}."
    (tmp_path / "cert.pem").write_bytes((tmp_path / "key.pem").read_bytes())
    assert "There is no certificate in" in refused(settings)
    (tmp_path / "cert.pem").unlink()
    assert "No such file" in refused(settings)
    settings = issue()
    (tmp_path / "key.pem").unlink()
    assert f"The key {tmp_path / 'key.pem'} cannot be read" in refused(settings)
    (tmp_path / "key.pem").mkdir()
    assert "cannot be read" in refused(settings)


def test_a_key_of_another_certificate_or_with_a_password_is_refused(issue, tmp_path, authority):
    settings = issue()
    authority.issue_cert("other.example").private_key_pem.write_to_path(tmp_path / "key.pem")
    assert "is not that of the certificate" in refused(settings)
    settings = issue()
    key = load_pem_private_key((tmp_path / "key.pem").read_bytes(), None)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    (tmp_path / "key.pem").write_bytes(secret)
    assert "has a password" in refused(settings)


def test_half_the_settings_are_refused(issue):
    assert "or its key" in refused(issue(tls_key=None))
    assert "or its key" in refused(issue(tls_certificate=None))
    assert "IVR_TRUNK_TLS" in refused(Settings(trunk_tls=True))


def test_robots_who_speak_no_tls_are_not_there_and_refused_when_asked_for(issue):
    assert not issue().robots
    assert "Robots" in refused(issue(robots=True))


def test_the_start_is_refused_with_one_sentence_before_anything_is_made(issue, tmp_path):
    settings = issue()
    settings.tls_key.write_text("no key")
    environment = {"IVR_TLS_CERTIFICATE": str(settings.tls_certificate), "IVR_TLS_KEY": str(settings.tls_key)}
    done = run("up", "--home", str(settings.home), "--shift", "7500", "--desks", str(DEMO), **environment)
    assert done.returncode == 2
    assert "is not that of the certificate" in done.stderr
    assert [path.name for path in settings.home.iterdir()] == ["lock"]


@pytest.mark.parametrize(("days", "state"), [(300, "well"), (22, "well"), (20, "warning"), (-1, "ill")])
def test_the_doctor_warns_three_weeks_before_the_end(issue, days, state):
    settings = issue(ends=days * DAY, begins=-400 * DAY)
    found = next(one for one in examine(settings) if one.what == "certificate")
    assert found.state == state
    assert bool(found.cure) == (state != "well")


def test_the_doctor_warns_of_a_key_that_others_may_read(issue):
    settings = issue()
    settings.tls_key.chmod(0o640)
    found = next(one for one in examine(settings) if one.what == "certificate")
    assert (found.state, found.cure) == ("warning", f"Run: chmod 600 {settings.tls_key}")
