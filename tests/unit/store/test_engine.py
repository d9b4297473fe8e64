"""How the database is connected."""

from __future__ import annotations

import pytest

from ivr.store.engine import open_database

KEPT = {"keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "25000"}


@pytest.mark.parametrize("own", [{}, {"keepalives_idle": "90"}])
def test_a_server_that_vanished_without_a_word_is_given_up_soon_unless_the_url_says_otherwise(postgres_url, own):
    """Without this a loader whose server lost its power waits for two hours, by the kernel's defaults."""
    engine = open_database(postgres_url + "".join(f"&{name}={value}" for name, value in own.items()))
    with engine.connect() as connection:
        told = connection.connection.driver_connection.info.get_parameters()
    engine.dispose()
    assert {name: told.get(name) for name in KEPT} == KEPT | own
