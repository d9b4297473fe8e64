"""What all tests share."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.ledgers import database_url, ledgers, postgres_cluster, postgres_url

__all__ = ["database_url", "ledgers", "postgres_cluster", "postgres_url"]
