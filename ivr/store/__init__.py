"""The ledger's database: tables, migrations, what the loader writes and what everybody asks. SQLite or PostgreSQL."""
