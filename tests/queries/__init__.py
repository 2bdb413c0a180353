"""Queries per page, as tables: one module per subject, put together by ``tests/test_queries.py``."""
