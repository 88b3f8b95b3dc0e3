"""What ``python -m grader PATH`` does: one module for a hand-in, and one for a course.

Each function returns the exit code. They are imported when the fork server has been started, so
that its import of torch and this process's own go on side by side; a single hand-in does not wait
for what only courses need.
"""
