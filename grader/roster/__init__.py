"""A course's class list: read from what platforms export, and matched with the hand-ins."""
