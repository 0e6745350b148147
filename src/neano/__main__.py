"""`python -m neano` is the command `neano`."""

import sys

from neano.cli import main

sys.exit(main())
