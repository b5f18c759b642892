"""The command. What it does is loaded when it is called: worker processes load this file too, and need little of it."""

import gc
import signal
import sys

# In every process: records come and go by the thousand, hardly ever in circles, so looking for circles can be rarer.
gc.set_threshold(5000)


def main() -> None:
    """Run the command line."""
    # As a service is stopped; it ends like Ctrl+C.
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from archiver.cli import main as command

        command()
    except KeyboardInterrupt:  # while it was loading
        sys.stderr.write("stopped\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
