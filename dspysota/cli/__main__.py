"""`python -m dspysota.cli`: the same as `dspysota`, where the script is not on PATH."""

import sys

from dspysota.cli import main

sys.exit(main())
