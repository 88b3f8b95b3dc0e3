"""Pure functions from a ``Report`` to text, and the one place where reports are written to disk."""
