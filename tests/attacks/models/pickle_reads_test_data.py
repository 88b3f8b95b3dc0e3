"""A saved model whose unpickling prints the test data."""

PICKLE = "cbuiltins\nexec\n(S'print(open(\"{corpus}/test.csv\").read())'\ntR."
