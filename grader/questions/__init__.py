"""The questions: one pytest module each, discovered by its name, ``test_<id>_<words>.py``.

A module has a ``QUESTION`` and its checks. A check is a test function or method; its docstring is
what students read. It counts unless it is marked ``advisory``, or the rubric says otherwise.
"""
