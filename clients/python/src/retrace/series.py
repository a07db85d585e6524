"""Series of a run: one value for each step at which it was reported."""
from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Mapping

import numpy as np

if TYPE_CHECKING:
    import pandas

_FLOAT64 = np.dtype("<f8")


@dataclass(frozen=True)
class Series:
    """All points of one metric, ordered by step."""

    key: str
    """Such as `train/loss` or `test/accuracy`; docs/glossary.md defines each metric and its unit."""
    steps: np.ndarray
    """Training step of each point, int64."""
    values: np.ndarray
    """float64; NaN and infinities are kept as reported."""
    times: np.ndarray
    """Time at which each point was reported, in milliseconds since 1970, float64; NaN if unknown."""

    def __len__(self) -> int:
        return len(self.steps)

    @classmethod
    def from_bytes(cls, key: str, steps: bytes, values: bytes, times: bytes) -> Series:
        """Points as Retrace stores and sends them: three arrays of little-endian float64."""
        read = [np.frombuffer(each, _FLOAT64) for each in (steps, values, times)]
        if not len(read[0]) == len(read[1]) == len(read[2]):
            raise ValueError(f"{key}: {len(read[0])} steps, {len(read[1])} values and {len(read[2])} times")
        return cls(key, read[0].astype(np.int64), read[1], read[2])

    @classmethod
    def from_packed(cls, key: str, packed: Mapping[str, str]) -> Series:
        """Points as the API sends them: the same arrays in base64."""
        return cls.from_bytes(key, *(base64.b64decode(packed[part]) for part in ("steps", "values", "times")))


def frame_of(series: list[Series]) -> pandas.DataFrame:
    """Series as columns, indexed by step. NaN may also mean that a series has no point at a step. Requires pandas."""
    import pandas

    columns = [pandas.Series(each.values, index=pandas.Index(each.steps, name="step"), name=each.key) for each in series]
    if not columns:
        return pandas.DataFrame(index=pandas.Index([], name="step", dtype="int64"))
    return pandas.concat(columns, axis=1).sort_index().rename_axis(index="step")
