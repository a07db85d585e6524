"""Logs your own training runs into a home, where they are shown alongside those of Retrace. Uses only the standard library.

    with retrace.log("RevNet of memcnn", config={"depth": 38, "lr": 0.1}, dataset="cifar10") as run:
        for step, batch in enumerate(batches, 1):
            run.log(step, {"train/loss": train(batch)})
        run.finish(test_accuracy=accuracy, images=10_000)

The file format is described in docs/logging.md; the workbench need not be running.
"""
from __future__ import annotations

import json
import math
import os
import re
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Iterable, Mapping, Optional, Type, Union

from .errors import RetraceError
from .places import PathLike, default_home

Scalar = Union[float, int, str, bool]
_FORMAT = 1


def log(
    name: str,
    *,
    config: Optional[Mapping[str, Scalar]] = None,
    tags: Iterable[str] = (),
    dataset: Optional[str] = None,
    steps: Optional[int] = None,
    notes: Optional[str] = None,
    home: Optional[PathLike] = None,
) -> "Logger":
    """Starts a run.

    Args:
        name: shown in tables and charts
        config: hyperparameters and other settings by key; runs that differ only in `seed` count as repetitions
        tags: shown in the runs table
        dataset: name of the data set in the home
        steps: the last step, used to show the progress
        notes: Markdown
        home: folder of the home; defaults to `retrace.default_home()`

    Raises:
        RetraceError: the home does not exist, or a value of `config` is not a finite number, string or boolean
    """
    folder = Path(home) if home is not None else default_home()
    if not folder.is_dir():
        raise RetraceError(f"There is no home at {folder}. Start Retrace once, or give the folder of a home.")
    head = {"retrace": _FORMAT, "name": name, "config": {key: _plain(key, value) for key, value in (config or {}).items()}, "tags": list(tags)}
    optional = {"dataset": dataset, "steps": steps, "notes": notes}
    return Logger(folder / "log", {**head, **{key: value for key, value in optional.items() if value is not None}})


class Logger:
    """A run that is being logged, created by `retrace.log`. Thread-safe.

    As a context manager it ends the run: as finished, as failed with the exception, or as stopped on Ctrl+C.
    """

    def __init__(self, folder: Path, head: Mapping[str, Any]):
        folder.mkdir(mode=0o700, exist_ok=True)
        slug = re.sub(r"[^A-Za-z0-9]+", "-", str(head["name"])).strip("-")[:60] or "run"
        # Unique across processes and threads, even within one second.
        self.path = folder / f"{slug}-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{os.urandom(3).hex()}.jsonl"
        """The log file, in the format of docs/logging.md."""
        self._lock = threading.Lock()
        # Line-buffered, so that the workbench sees each line at once and a kill loses nothing.
        self._file = open(self.path, "x", encoding="utf-8", buffering=1)
        self._write(head)

    def log(self, step: int, values: Mapping[str, Any]) -> None:
        """Logs values at a step. The steps of each key must increase.

        Args:
            step: an integer, at least 0
            values: by key, such as `train/loss`; anything `float()` accepts, including one-element tensors. NaN and infinities are kept.
        """
        self._write({"step": int(step), "values": {key: _number(value) for key, value in values.items()}})

    def message(self, text: str, level: str = "info") -> None:
        """Adds a line to the run's log. The level is `debug`, `info`, `warn` or `error`."""
        self._write({"message": text, "level": level})

    def finish(
        self,
        status: str = "finished",
        *,
        reason: Optional[str] = None,
        test_accuracy: Optional[float] = None,
        test_loss: Optional[float] = None,
        images: Optional[int] = None,
    ) -> None:
        """Ends the run; nothing can be logged afterwards.

        Args:
            status: `finished`, `stopped`, `failed` or `diverged`
            reason: why it was stopped or failed, as a sentence
            test_accuracy: the result to report, as a fraction of all test images
            test_loss: mean cross-entropy of the test images in nats
            images: number of test images
        """
        results = {"testAccuracy": test_accuracy, "testLoss": test_loss}
        told = {"reason": reason, "images": images, **{key: None if value is None else float(value) for key, value in results.items()}}
        self._write({"end": status, **{key: value for key, value in told.items() if value is not None}})
        self._file.close()

    def __enter__(self) -> "Logger":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        if self._file.closed:
            return
        if kind is None:
            self.finish()
        elif issubclass(kind, KeyboardInterrupt):
            self.finish("stopped", reason="It was interrupted by Ctrl+C.")
        else:
            self.finish("failed", reason=f"{kind.__name__}: {error}"[:1000])

    def _write(self, line: Mapping[str, Any]) -> None:
        with self._lock:
            if self._file.closed:
                raise RetraceError(f"The run logged to {self.path} has ended. Begin another one with retrace.log().")
            self._file.write(json.dumps({**line, "time": time.time()}, allow_nan=False) + "\n")


def _number(value: Any) -> Union[float, str]:
    """A JSON number, or the name of a number that JSON cannot represent."""
    number = float(value)
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _plain(key: str, value: Any) -> Scalar:
    item = value.item() if hasattr(value, "item") else value
    if isinstance(item, (bool, str, int)) or (isinstance(item, float) and math.isfinite(item)):
        return item
    raise RetraceError(f"config[{key!r}] is {value!r}, but a configuration has finite numbers, texts and booleans. Write it as text.")
