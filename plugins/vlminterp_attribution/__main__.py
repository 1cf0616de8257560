"""Lists the attribution methods: `python -m vlminterp_attribution [MODEL]`."""

import sys

from vlminterp.cli.streams import ended
from vlminterp_attribution.listing import main

sys.exit(ended(main))
