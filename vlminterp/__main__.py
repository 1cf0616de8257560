"""`python -m vlminterp`."""

from vlminterp.cli.main import main

if __name__ == "__main__":
    main()
