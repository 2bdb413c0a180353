"""Agreements in use: how they go from request to end, what they cover, their dates, and where they are shown."""
