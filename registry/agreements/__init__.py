"""Agreements in use: how they go from request to end, what they cover, their dates, and where they are shown."""


def register() -> None:
    """Make the deadlines, panels and search results known. Called once, when the models are there."""
    from registry.agreements import due, importing, panels, search

    for part in (due, panels, search):
        part.register()
    importing.register_format()
