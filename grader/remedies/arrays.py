"""Exceptions of NumPy and torch: shapes, and arrays taken for tensors."""

from __future__ import annotations

import re

from grader.remedies.record import remedy, says

_OF_A_LIST = re.compile("'list' object has no attribute '(?:shape|T|dtype|ndim|size|reshape)'")
_HEADS = re.compile(r"\bW[qkv]\b")
_TWO_KINDS = (
    "NumPy's arrays and torch's tensors have other methods; torch.from_numpy and .numpy() make one "
    "of the other. A model gets tensors; of the functions' arguments, mha's input_data is a tensor "
    "and all else are arrays."
)
_REDUCED = re.compile(
    r"(?:sum|mean|max|min|amax|amin|std|var|prod|argmax|all|any)\(\) "
    "(?:got an unexpected keyword|received an invalid combination)"
)
_OF_NUMPY = re.compile(r"\b(?:np|numpy)\.")
SHAPES = (
    "Print the shapes of what stands in that line, and compare them with those that the "
    "docstrings of the given file name."
)

_OTHER_DTYPES = says(
    "same dtype", "dtypes must be the same", "expected scalar type", "does not match weight dtype"
)
_OF_PRODUCTS = says(
    "remapped shapes", "mismatch in its core dimension", "Expected size for first two dimensions"
)
_ALL_TURNED = re.compile(r"@ *\w+\.T\b|\(\w+, *\w+\.T\)")
_WHOLE = says("int64", "int32", "Long", "long")

ARRAYS = (
    remedy(
        "IndexError",
        says("index out of range in self"),
        "An embedding has fewer rows than the ids, or the positions, that it is asked for. BEGIN, "
        "END and PAD come to the characters, so that there are V + 3 ids, and the input of the "
        "longest sentence is one token longer than the sentence.",
    ),
    remedy(
        "RuntimeError",
        says("Class values must be smaller than num_classes"),
        "one_hot has fewer columns there than there are ids. BEGIN, END and PAD come to the "
        "characters, so that there are V + 3.",
    ),
    remedy(
        "AttributeError",
        lambda message, code: _OF_A_LIST.match(message) is not None and bool(_HEADS.search(code)),
        "Wq, Wk and Wv are lists, with one array for each head: take them one by one.",
    ),
    remedy(
        "IndexError",
        lambda message, code: "list index out of range" in message and bool(_HEADS.search(code)),
        "Wq, Wk and Wv have one array for each head, and other numbers of heads than the "
        "notebook's are graded, too: compare how far the loop goes with len(Wq).",
    ),
    remedy(
        "IndexError",
        says("list assignment index out of range"),
        "A list has no place for an item before there is one: see list.append, or numpy.zeros for "
        "an array that has all its places.",
    ),
    remedy(
        "TypeError",
        says("can't multiply sequence by non-int"),
        "A list or a tuple that is multiplied is repeated. Numbers in an array are multiplied: see "
        "numpy.full, or numpy.array.",
    ),
    remedy(
        "IndexError",
        says("tuple index out of range"),
        "That tuple, perhaps a shape, has fewer items than are asked for: print it.",
    ),
    remedy(
        "IndexError",
        says("list index out of range"),
        "That list has fewer items than are asked for. Is a size of the notebook's written there "
        "as a number? Other sizes are graded, too.",
    ),
    remedy(
        "TypeError",
        lambda message, code: bool(_REDUCED.match(message)) and bool(_OF_NUMPY.search(code)),
        "A function of NumPy's is given a tensor there, and tensors have methods with other "
        "arguments: .numpy() makes an array of it, or take torch's own function. mha's input_data "
        "is a tensor, and all other arguments are arrays.",
    ),
    remedy(
        "TypeError",
        says("unhashable type: 'numpy.ndarray'", "unhashable type: 'list'"),
        "Arrays and lists can be no keys: look for a cache, such as lru_cache, a dict or a set "
        "that is given one.",
    ),
    remedy(
        "TypeError",
        says("can be converted to Python scalars", "be converted to a scalar"),
        "Functions of math take one number, and NumPy's of the same names take arrays: np.tanh, "
        "np.exp, np.sqrt.",
    ),
    remedy(
        "AttributeError",
        says("'numpy.ndarray' object has no attribute", "'Tensor' object has no attribute"),
        _TWO_KINDS,
    ),
    remedy(
        "TypeError",
        says(
            "'numpy.ndarray' and 'Tensor'",
            "'Tensor' and 'numpy.ndarray'",
            "must be Tensor, not numpy.ndarray",
            "but got numpy.ndarray",
            "expected np.ndarray (got Tensor)",
            "transpose() takes 2 positional arguments",
            "transpose() received an invalid combination",
            "Concatenation operation is not implemented for NumPy arrays",
        ),
        _TWO_KINDS,
    ),
    remedy(
        "TypeError",
        lambda message, code: "'int' object is not callable" in message and ".size(" in code,
        _TWO_KINDS,
    ),
    remedy(
        "TypeError",
        lambda message, code: "object is not callable" in message and ".shape(" in code,
        "A shape is asked for its items with square brackets, as in x.shape[0].",
    ),
    remedy(
        "TypeError",
        says(
            "'numpy.ndarray' object is not callable",
            "'Tensor' object is not callable",
            "'tuple' object is not callable",
            "'list' object is not callable",
            "'int' object is not callable",
            "'float' object is not callable",
        ),
        "Round brackets after a value call it like a function: a variable has a function's name, "
        "such as max or sum, or an operator is missing before them, or they are meant to be square "
        "ones.",
    ),
    remedy(
        "RuntimeError",
        says("backward through the graph a second time"),
        "What stays from one call of forward to the next, such as a hidden state that is kept in "
        "self, still hangs on the computation of the batch before: start each call anew, or keep "
        "what .detach() gives of it.",
    ),
    remedy(
        "RuntimeError ValueError",
        lambda message, code: _OTHER_DTYPES(message, code) and _WHOLE(message, code),
        "Whole numbers and floats meet in that line, and torch multiplies only what is alike: "
        ".float() makes floats of them. A model's token ids go through an embedding first, or "
        "through one_hot(...).float().",
    ),
    remedy(
        "RuntimeError ValueError",
        _OTHER_DTYPES,
        "float32 and float64 meet in that line, and torch multiplies only what is alike: give "
        "what you create the dtype of what you are given.",
    ),
    remedy(
        "ValueError",
        says("values to unpack"),
        "Print what is unpacked in that line, or its shape: it must have as many items as there "
        "are names before the equals sign.",
    ),
    remedy(
        "ValueError RuntimeError",
        lambda message, code: _OF_PRODUCTS(message, code) and _ALL_TURNED.search(code) is not None,
        "If what .T is taken of has three axes, it turns round all of them, also the batch: see "
        f"numpy.swapaxes for the last two alone. {SHAPES}",
    ),
    remedy(
        "ValueError RuntimeError IndexError AxisError",
        says(
            "could not be broadcast",
            "could not broadcast",
            "does not broadcast",
            "not aligned",
            "mismatch in its core dimension",
            "does not have enough dimensions",
            "cannot select an axis to squeeze",
            "cannot reshape",
            "is invalid for input of size",
            "axes don't match",
            "array dimensions",
            "input arrays must have",
            "number of dimensions",
            "shapes cannot be multiplied",
            "must match the size of tensor",
            "Sizes of tensors must match",
            "expects each tensor to be equal size",
            "Expected size for first two dimensions",
            "expanded size of the tensor",
            "too many indices for",
            "out of bounds for axis",
            "out of bounds for dimension",
            "out of bounds for array",
            "Dimension out of range",
        ),
        SHAPES,
    ),
)
