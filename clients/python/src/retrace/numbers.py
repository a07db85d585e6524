"""Numbers that JSON lacks, as Retrace writes them: by their names."""
from __future__ import annotations

import json
import math
from typing import Any

NAMES = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def as_number(value: Any) -> float:
    """A number, or one of the names of `NAMES`."""
    return NAMES[value] if isinstance(value, str) else float(value)


def decode_numbers(text: str) -> dict[str, float]:
    """A JSON object whose values are numbers or their names."""
    return {key: as_number(value) for key, value in json.loads(text).items()}
