"""`python -m triage` is `leg-cramp-triage`."""

import sys

from triage.cli import main

sys.exit(main())
