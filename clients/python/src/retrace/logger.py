"""Logs a training run of one's own into a home, where it stands beside the runs of Retrace. The standard library is all that it needs.

    with retrace.log("RevNet of memcnn", config={"depth": 38, "lr": 0.1}, dataset="cifar10") as run:
        for step, batch in enumerate(batches, 1):
            run.log(step, {"train/loss": train(batch)})
        run.finish(test_accuracy=accuracy, images=10_000)

The file that it writes is described in docs/logging.md; no workbench has to be running.
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
    """Begins a run.

    Args:
        name: what the tables and charts call it
        config: anything that says how it was made, by key; runs that differ only in `seed` are repetitions of each other
        tags: as in the runs table
        dataset: name of the data set, as in the home
        steps: the last step, for the progress
        notes: Markdown
        home: folder of the home; that of `retrace.default_home()` by default

    Raises:
        RetraceError: there is no such home, or a value of `config` is neither a finite number nor a text nor a boolean
    """
    folder = Path(home) if home is not None else default_home()
    if not folder.is_dir():
        raise RetraceError(f"There is no home at {folder}. Start Retrace once, or give the folder of a home.")
    head = {"retrace": _FORMAT, "name": name, "config": {key: _plain(key, value) for key, value in (config or {}).items()}, "tags": list(tags)}
    optional = {"dataset": dataset, "steps": steps, "notes": notes}
    return Logger(folder / "log", {**head, **{key: value for key, value in optional.items() if value is not None}})


class Logger:
    """A run that is being logged; `retrace.log` makes it. It may be used from several threads.

    As a context it ends the run: as finished, as failed with the exception, or as stopped at Ctrl+C.
    """

    def __init__(self, folder: Path, head: Mapping[str, Any]):
        folder.mkdir(mode=0o700, exist_ok=True)
        slug = re.sub(r"[^A-Za-z0-9]+", "-", str(head["name"])).strip("-")[:60] or "run"
        # Unique among processes and threads, also of one second.
        self.path = folder / f"{slug}-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{os.urandom(3).hex()}.jsonl"
        """The file; docs/logging.md describes its lines."""
        self._lock = threading.Lock()
        # Written line by line, so that the workbench follows and a kill loses nothing.
        self._file = open(self.path, "x", encoding="utf-8", buffering=1)
        self._write(head)

    def log(self, step: int, values: Mapping[str, Any]) -> None:
        """Values at a step; the steps of each key rise.

        Args:
            step: a whole number from 0
            values: by key, such as `train/loss`; anything that `float()` takes, also tensors with one element. NaN and infinities are data.
        """
        self._write({"step": int(step), "values": {key: _number(value) for key, value in values.items()}})

    def message(self, text: str, level: str = "info") -> None:
        """A line of the run's log; its level is `debug`, `info`, `warn` or `error`."""
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
            reason: why it stopped or failed, as a sentence
            test_accuracy: the result to quote, as a fraction of all test images
            test_loss: their mean cross-entropy in nats
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
    """A number as JSON has it; those that it lacks by their names."""
    number = float(value)
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _plain(key: str, value: Any) -> Scalar:
    item = value.item() if hasattr(value, "item") else value
    if isinstance(item, (bool, str, int)) or (isinstance(item, float) and math.isfinite(item)):
        return item
    raise RetraceError(f"config[{key!r}] is {value!r}, but a configuration has finite numbers, texts and booleans. Write it as text.")
