"""The fuzzer is a program of its own (build.py fuzz); its modules are found here by the tests too."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
