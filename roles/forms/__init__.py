"""Forms of people and roles, one module per subject."""
