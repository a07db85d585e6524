"""Non-finite numbers, which JSON lacks and Retrace writes as strings."""
from __future__ import annotations

import json
import math
from typing import Any

NAMES = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def as_number(value: Any) -> float:
    """Converts a JSON number, or one of the names in `NAMES`."""
    return NAMES[value] if isinstance(value, str) else float(value)


def decode_numbers(text: str) -> dict[str, float]:
    """Parses a JSON object whose values are numbers or names of non-finite numbers."""
    return {key: as_number(value) for key, value in json.loads(text).items()}
