"""`python -m bot.cli` is `gridbot`."""

import sys

from bot.cli import main

sys.exit(main())
