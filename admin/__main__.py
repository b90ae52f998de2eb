"""`python -m admin` is `tierline`."""

from admin.cli.main import app

if __name__ == "__main__":
    app()
