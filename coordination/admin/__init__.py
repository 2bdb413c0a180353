"""Coordination in the administration, one module per subject."""
