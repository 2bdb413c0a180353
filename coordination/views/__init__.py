"""The pages of coordination, one module per subject."""
