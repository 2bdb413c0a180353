"""Forms of budgets, one module per subject."""
