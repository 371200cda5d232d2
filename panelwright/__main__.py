"""`python -m panelwright` is `panelwright`."""

import sys

from panelwright.cli.main import main

sys.exit(main())
