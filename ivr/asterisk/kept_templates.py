"""Templates as Jinja has compiled them, kept in the user's cache: each command would compile them all anew."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import jinja2
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from ivr.asterisk.private import cache_dir

_MARK = 32
"""Bytes before the code: its SHA-256. Jinja itself knows of another source, and of another Python."""


def kept_templates(syntax: Mapping[str, bool]) -> BytecodeCache:
    """Return what keeps them. `syntax`: how they are read, which is in no template."""
    how = sha256(repr((jinja2.__version__, sorted(syntax.items()))).encode()).hexdigest()[:12]
    return _Kept(cache_dir().with_name("templates") / how)


class _Kept(BytecodeCache):
    """Where it cannot be read or written, or is broken, a template is compiled as if there were none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give the bucket its code, when it is kept and whole."""
        with suppress(OSError):
            kept = (self._folder / bucket.key).read_bytes()
            if sha256(kept[_MARK:]).digest() == kept[:_MARK]:
                bucket.bytecode_from_string(kept[_MARK:])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the bucket's code."""
        code = bucket.bytecode_to_string()
        fresh = self._folder / f".{bucket.key}.{os.getpid()}"
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(sha256(code).digest() + code)
            fresh.replace(self._folder / bucket.key)
