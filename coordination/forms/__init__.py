"""Coordination's forms, one module per subject."""
