"""Loops without end while it is imported."""

while True:
    pass
