"""A saved model whose unpickling runs a command."""

PICKLE = "cposix\nsystem\n(S'touch {outside}/command; cat {canary}'\ntR."
