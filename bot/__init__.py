"""gridbot."""
