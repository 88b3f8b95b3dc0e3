"""``python -m grader``: see ``grader.cli``."""

if __name__ == "__main__":
    from grader.cli import main

    main()
