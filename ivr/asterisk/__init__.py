"""The adapter to Asterisk: AGI, AMI, journal files, configuration, the private copy."""
