"""The benchmark behind ``make bench``: an invented landscape of any size, and what the pages cost on it."""
