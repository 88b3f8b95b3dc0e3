"""A saved model whose unpickling writes a file."""

PICKLE = 'cbuiltins\nexec\n(S\'open("{outside}/unpickled", "w").write("written")\'\ntR.'
