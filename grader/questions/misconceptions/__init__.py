"""What students of recurrent networks and attention are known to get wrong, as code.

A question's right solution is a record of its parts; a misconception is other parts in their
place, with words for the student. So each one can be run, two can be combined, and whatever a
student's function returns can be compared with what that misconception would return.
"""
