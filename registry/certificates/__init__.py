"""Certificates: what is read from a file (pure), their pages, renewals, deadlines, panels and demonstration."""


def register() -> None:
    """Make the deadlines, panels and search results known. Called once, when the models are there."""
    from registry.certificates import due, panels, search

    for part in (due, panels, search):
        part.connect()
