"""Coordination: what falls due, who is told in time, and what is not as it should be."""
