"""Checkpoints and exported weights: .safetensors files of float32 and int32 arrays.

The names are those of docs/formats.md: `params/*`, `stats/*` (running mean and biased variance of each batch norm), `population/*`
(statistics used in evaluations, if present), and optimizer slots such as `velocity/*`. Convolution kernels are HWIO (height, width, in,
out), dense kernels are [in, out].
"""
from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Mapping, Union

import numpy as np

from .errors import DamagedFile, RetraceError

_LARGEST_HEADER = 16 * 1024 * 1024
_TYPES = {"F32": np.dtype("<f4"), "I32": np.dtype("<i4")}
# The type names used in the input of the hashes.
_CLASSES = {"F32": "Float32Array", "I32": "Int32Array"}


@dataclass(frozen=True)
class Checkpoint:
    """The contents of a checkpoint or of exported weights."""

    path: Path
    metadata: Mapping[str, str]
    """As stored: the format, the hashes, and the run's configuration and progress as JSON."""
    tensors: Dict[str, np.ndarray]
    """All arrays by name, in file order. They are read-only views of the file's content."""

    @property
    def config(self) -> Dict[str, Any]:
        """The configuration of the run to which the weights belong."""
        return json.loads(self.metadata["config"])

    @property
    def params(self) -> Dict[str, np.ndarray]:
        """The trained parameters by name, such as `stage1/unit1/kernel1`."""
        return self._under("params/")

    @property
    def statistics(self) -> Dict[str, np.ndarray]:
        """The batch-norm statistics used in evaluations: `population/*` if the file has them, else the running `stats/*`."""
        return self._under("population/") or self._under("stats/")

    def _under(self, prefix: str) -> Dict[str, np.ndarray]:
        return {name[len(prefix) :]: array for name, array in self.tensors.items() if name.startswith(prefix)}


def read_checkpoint(path: Union[str, "os.PathLike[str]"], verify: bool = True) -> Checkpoint:
    """Reads a checkpoint of a run, or weights exported by Retrace.

    Args:
        path: the .safetensors file
        verify: whether to check the hashes stored in the file. Files of early versions only have a hash of the weights.

    Raises:
        RetraceError: the file cannot be read, or is not a .safetensors file of float32 and int32 arrays
        DamagedFile: a hash does not match
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RetraceError(f"Cannot read {path}: {error.strerror}.") from error
    metadata, entries, data = _parse(path, content)
    tensors = {}
    for name, (dtype, shape, start, end) in entries.items():
        tensors[name] = np.frombuffer(content, _TYPES[dtype], (end - start) // 4, data + start).reshape(shape)
    if verify:
        _verify(path, metadata, {name: (entries[name][0], array) for name, array in tensors.items()})
    return Checkpoint(path, metadata, tensors)


def _parse(path: Path, content: bytes):
    def refuse(why: str) -> RetraceError:
        return RetraceError(f"{path} is not a .safetensors file that Retrace writes: {why}.")

    if len(content) < 8:
        raise refuse("it is too short for a header")
    length = int.from_bytes(content[:8], "little")
    if length > _LARGEST_HEADER or 8 + length > len(content):
        raise refuse(f"its header claims {length} bytes")
    try:
        header = json.loads(content[8 : 8 + length])
    except ValueError as error:
        raise refuse("its header is not JSON") from error
    if not isinstance(header, dict):
        raise refuse("its header is not an object")
    metadata = header.pop("__metadata__", {})
    data = 8 + length
    entries, covered = {}, 0
    for name, entry in header.items():
        try:
            dtype, shape, (start, end) = entry["dtype"], [int(size) for size in entry["shape"]], entry["data_offsets"]
        except (KeyError, TypeError, ValueError) as error:
            raise refuse(f"the entry of {name} is malformed") from error
        if dtype not in _TYPES:
            raise refuse(f"{name} has the type {dtype}")
        count = 1
        for size in shape:
            count *= size
        if min(shape, default=0) < 0 or not (isinstance(start, int) and isinstance(end, int)) or end - start != 4 * count:
            raise refuse(f"{name} has the shape {shape} and {end - start} bytes")
        if start < 0 or end > len(content) - data:
            raise refuse(f"{name} lies outside the file, which may be truncated")
        entries[name] = (dtype, shape, start, end)
        covered += end - start
    if covered != len(content) - data:
        raise refuse("its arrays do not cover its data")
    return metadata, entries, data


def _verify(path: Path, metadata: Mapping[str, str], tensors: Mapping[str, tuple]) -> None:
    damaged = DamagedFile(f"{path} is damaged: its content does not fit the hash that was stored with it. Use another checkpoint of the run.")
    if "contentHash" in metadata:
        of_metadata = sorted((key, value) for key, value in metadata.items() if key != "contentHash")
        if _hash([_json([list(pair) for pair in of_metadata])]) != metadata["contentHash"]:
            raise damaged
        parts = []
        for name in sorted(tensors):
            dtype, array = tensors[name]
            parts += [_json([name, _CLASSES[dtype], list(array.shape)]), array.tobytes()]
        if _hash(parts) != metadata.get("tensorsHash"):
            raise damaged
    elif "weightsHash" in metadata:
        parts = []
        for name, (_, array) in tensors.items():
            if name.startswith(("params/", "stats/")):
                parts += [f"{name}[{','.join(map(str, array.shape))}]".encode(), array.tobytes()]
        if _hash(parts) != metadata["weightsHash"]:
            raise damaged


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _hash(parts) -> str:
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part)
    return sha.hexdigest()
