"""The command. What it does is loaded when it is called: worker processes load this file too, and need little of it."""


def main() -> None:
    """Run the command line."""
    from archiver.cli import main as command

    command()


if __name__ == "__main__":
    main()
