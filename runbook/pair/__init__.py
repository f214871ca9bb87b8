"""Both hosts of the pair at once."""
