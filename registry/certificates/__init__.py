"""Certificates: what is read from a file (pure), their pages, renewals, deadlines, panels and demonstration."""
