"""``python -m equipoise``."""

from equipoise.harness.cli.main import main

if __name__ == "__main__":
    main()
