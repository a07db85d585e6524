"""Locations of homes."""
from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Union

PathLike = Union[str, "os.PathLike[str]"]


def default_home() -> Path:
    """The default home: `RETRACE_HOME` if set, else Retrace's folder in the user's application data."""
    chosen = os.environ.get("RETRACE_HOME")
    if chosen:
        return Path(chosen)
    user = Path.home()
    if sys.platform == "darwin":
        return user / "Library" / "Application Support" / "retrace"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", user / "AppData" / "Local")) / "retrace" / "Data"
    return Path(os.environ.get("XDG_DATA_HOME", user / ".local" / "share")) / "retrace"
