"""A saved model whose unpickling ends the process."""

PICKLE = "cposix\n_exit\n(I0\ntR."
