"""Filters of the lists of budgets, one module per subject."""
