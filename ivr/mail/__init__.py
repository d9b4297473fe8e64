"""Letters to a mail server."""
