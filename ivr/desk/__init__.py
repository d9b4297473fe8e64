"""Use cases over ports; nothing here knows Asterisk, SQL or files of sound."""
