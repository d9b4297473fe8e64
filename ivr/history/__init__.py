"""History: what an older telephone system wrote about its calls, turned into calls of ours. Pure, like the ledger."""
