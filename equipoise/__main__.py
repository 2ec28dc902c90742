"""``python -m equipoise``, and the command ``equipoise``."""

import os
import signal
import sys

__all__ = ["main"]

INTERRUPTED = 130


def main() -> None:
    """Runs the command line; Ctrl-C ends it in one line, also while it is still loading."""
    said = b"equipoise: interrupted\n"
    before = signal.signal(signal.SIGINT, lambda *_: (os.write(2, said), os._exit(INTERRUPTED)))
    from equipoise.harness.cli.main import main as command  # an import that is interrupted leaves half a module

    signal.signal(signal.SIGINT, before)
    try:
        command()
    except KeyboardInterrupt:
        sys.stderr.write(said.decode())
        raise SystemExit(INTERRUPTED) from None


if __name__ == "__main__":
    main()
