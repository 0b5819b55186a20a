"""`python -m dspysota`, for where the command itself is not on the path."""

from dspysota.cli import main

raise SystemExit(main())
