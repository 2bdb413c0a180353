"""Who may do what, as tables: one module per subject, put together by ``tests/test_access.py``."""
