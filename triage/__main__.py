"""`python -m triage` is `leg-cramp-triage`."""

import sys

from triage.cli.main import main

sys.exit(main())
