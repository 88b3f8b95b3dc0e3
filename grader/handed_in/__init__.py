"""What one student handed in: found, told apart by names, and copied for student code to see."""
