"""Many submissions: what each depends on, who grades them, and where their results are kept."""
