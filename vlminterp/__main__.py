"""`python -m vlminterp`."""

from vlminterp.run import main

if __name__ == "__main__":
    main()
