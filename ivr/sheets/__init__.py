"""A made report as a sheet: in the terminal, as CSV, JSON, an Excel book or a page for the browser."""
