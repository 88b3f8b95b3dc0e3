"""Tells one hand-in from a course's, and finds every hand-in of a course.

A course comes as a folder or an archive: plain folders, a GitHub Classroom's repositories, or what
Gradescope, Canvas, Moodle, Blackboard or Brightspace export, also one of these for each section.
Each platform has a module here, which reads names alone, and Gradescope's table. What cannot be
read, or is none that anybody can tell, becomes a hand-in with its reason.
"""

from grader.intake.course import arrivals
from grader.intake.handin import HandIn
from grader.intake.many import looks_like_many, may_be_of_many

__all__ = ["HandIn", "arrivals", "looks_like_many", "may_be_of_many"]
