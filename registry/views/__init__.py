"""The registry's screens, one noun per module."""
