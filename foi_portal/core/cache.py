"""A Redis cache whose absence is a miss, never an error."""
