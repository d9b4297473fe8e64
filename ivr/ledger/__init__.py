"""The ledger: journal records folded into calls and legs. Pure: it can be replayed at any time."""
