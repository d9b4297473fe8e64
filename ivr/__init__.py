"""The front desk of a call centre on Asterisk."""

__version__ = "0.1.0"
