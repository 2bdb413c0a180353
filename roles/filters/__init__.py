"""Filters of the lists of people and roles, one module per subject."""
