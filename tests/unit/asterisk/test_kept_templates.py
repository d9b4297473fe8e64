"""Templates that were compiled before are not compiled again, and never stand for another text."""

from __future__ import annotations

import pytest
from jinja2 import DictLoader, Environment

from ivr.asterisk.kept_templates import kept_templates

SYNTAX = {"trim_blocks": True}
BLOCK = "{% if true %}\nyes{% endif %}"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Return the folder in which they are kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "front-desk/templates"


def rendered(text, syntax=SYNTAX):
    keeping = kept_templates(syntax)
    jinja = Environment(loader=DictLoader({"a": text}), bytecode_cache=keeping, autoescape=True, **syntax)
    return jinja.get_template("a").render()


def files(cache):
    return [file for file in cache.rglob("*") if file.is_file()]


def test_what_was_compiled_is_kept_and_read_again(cache):
    assert rendered("one") == "one"
    (kept,) = files(cache)
    written = kept.stat().st_mtime_ns
    assert rendered("one") == "one"
    assert files(cache) == [kept]
    assert kept.stat().st_mtime_ns == written


def test_another_text_under_the_same_name_is_compiled_anew(cache):
    assert [rendered(text) for text in ("one", "two", "one")] == ["one", "two", "one"]


def test_templates_that_are_read_in_another_way_are_kept_apart(cache):
    assert rendered(BLOCK) == "yes"
    assert rendered(BLOCK, {"trim_blocks": False}) == "\nyes"


@pytest.mark.parametrize("harm", [lambda _: b"", lambda code: code[:-9], lambda code: code[:40] + b"\0" + code[41:]])
def test_a_broken_file_is_passed_over_and_written_anew(cache, harm):
    rendered("one")
    (kept,) = files(cache)
    whole = kept.read_bytes()
    kept.write_bytes(harm(whole))
    assert rendered("one") == "one"
    assert kept.read_bytes() == whole


def test_where_nothing_can_be_kept_templates_are_compiled(cache):
    cache.parent.mkdir()
    cache.write_text("a file in its place")
    assert [rendered("one") for _ in range(2)] == ["one", "one"]
