"""Runs and studies of a home, read from its files or through the workbench running on it."""
from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Optional, Protocol, TypeVar
from urllib.parse import quote

from .checkpoints import Checkpoint, read_checkpoint
from .errors import RetraceError
from .numbers import as_number, decode_numbers
from .places import PathLike, default_home
from .series import Series, frame_of

if TYPE_CHECKING:
    import pandas


class Source(Protocol):
    """The data source of a home: its database, or the API of the workbench."""

    def runs(self) -> List[Dict[str, Any]]: ...
    def record(self, run_id: str) -> Dict[str, Any]: ...
    def series(self, run_id: str, keys: Optional[List[str]]) -> List[Series]: ...
    def checkpoints(self, run_id: str) -> List[Dict[str, Any]]: ...
    def studies(self) -> List[Dict[str, Any]]: ...
    def cells(self, study_id: str) -> List[Dict[str, Any]]: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class StoredCheckpoint:
    """A checkpoint in the folder of its run; `read` returns its arrays."""

    path: Path
    step: int
    kind: str
    """`start`, `schedule` (periodic), `pause`, `stop`, `best` (on the validation split) or `final`."""
    metrics: Dict[str, float]
    """Metrics measured with exactly these weights."""
    weights_hash: str

    def read(self, verify: bool = True) -> Checkpoint:
        """Reads its arrays; see `read_checkpoint`."""
        return read_checkpoint(self.path, verify)


@dataclass(frozen=True)
class Run:
    """A training run. The attributes are a snapshot taken when it was read."""

    id: str
    name: str
    preset: str
    dataset: str
    seed: int
    status: str
    """`queued`, `starting`, `running`, `pausing`, `paused`, `stopping`, `stopped`, `finished`, `failed`, `diverged` or `interrupted`."""
    reason: Optional[str]
    """Why it failed, diverged or was interrupted, as a sentence."""
    step: int
    total_steps: int
    parameters: int
    active_seconds: float
    """Total time for which a trainer worked on it, without pauses."""
    reported: Optional[Dict[str, Any]]
    """The result to report, once finished: {"step", "images", "values"} of the checkpoint selected by validation, or of the last one."""
    latest: Dict[str, float]
    """The latest value of each metric."""
    tags: List[str]
    study_id: Optional[str]
    _home: "Home" = field(repr=False, compare=False)

    @property
    def config(self) -> Dict[str, Any]:
        """The configuration by key (see docs/configuration.md); for a run logged by another program, the configuration it gave."""
        record = self._home._source.record(self.id)
        return record["environment"].get("logged", record["config"])

    @property
    def environment(self) -> Dict[str, Any]:
        """What it was trained with: version and commit of Retrace, engine, hardware, and hash of the data set."""
        return self._home._source.record(self.id)["environment"]

    @property
    def test_accuracy(self) -> Optional[float]:
        """The reported test accuracy as a fraction; None before the end, or if the data set has no test split."""
        return None if self.reported is None else self.reported["values"].get("test/accuracy")

    def series(self, key: str) -> Series:
        """All points of one metric, such as `train/loss`.

        Raises:
            RetraceError: the run has no such series; the message lists the available ones
        """
        found = self._home._source.series(self.id, [key])
        if not found:
            raise RetraceError(f"{self.name} ({self.id}) has no series {key}. It has: {', '.join(self.keys()) or 'none yet'}.")
        return found[0]

    def keys(self) -> List[str]:
        """The names of all series."""
        return [each.key for each in self._home._source.series(self.id, None)]

    def frame(self, keys: Optional[Iterable[str]] = None) -> "pandas.DataFrame":
        """The series as columns of a pandas DataFrame indexed by step; all series if `keys` is None."""
        return frame_of(self._home._source.series(self.id, None if keys is None else list(keys)))

    def checkpoints(self) -> List[StoredCheckpoint]:
        """The checkpoints, ordered by step."""
        folder = self._home.path / "runs" / self.id / "checkpoints"
        return [
            StoredCheckpoint(folder / each["file"], each["step"], each["kind"], each["metrics"], each["weightsHash"])
            for each in self._home._source.checkpoints(self.id)
        ]


@dataclass(frozen=True)
class Cell:
    """One cell of a study: a run, a measurement, or a computation."""

    position: int
    factors: Dict[str, Any]
    """Its factor levels, such as {"network": "resnet-32", "images": 500, "seed": 1}."""
    kind: str
    state: str
    """As the `status` of a run, or `removed`; in a search also `waiting` (until it is decided which runs continue) or `dropped`."""
    reason: Optional[str]
    run_id: Optional[str]
    measured: Optional[Dict[str, Any]]
    """The result of a measurement or computation; non-finite numbers are strings such as "NaN"."""
    seconds: Optional[float]


@dataclass(frozen=True)
class Study:
    """An experiment: a template expanded into cells."""

    id: str
    name: str
    template: str
    options: Dict[str, Any]
    _home: "Home" = field(repr=False, compare=False)

    def cells(self) -> List[Cell]:
        """All cells, including failed and diverged ones."""
        return [
            Cell(
                each["position"], each["factors"], each["work"]["kind"], each["state"], each["reason"], each["runId"], each["measured"],
                each["seconds"],
            )
            for each in self._home._source.cells(self.id)
        ]  # fmt: skip

    def frame(self) -> "pandas.DataFrame":
        """One row per cell: its factors, its state, and the reported test accuracy of its run. Requires pandas."""
        import pandas

        accuracies = {run.id: run.test_accuracy for run in self._home.runs()}
        return pandas.DataFrame(
            [
                {**cell.factors, "state": cell.state, "run": cell.run_id, "test/accuracy": accuracies.get(cell.run_id or "")}
                for cell in self.cells()
            ]
        )


_Named = TypeVar("_Named", Run, Study)


class Home:
    """Read-only access to a home folder of Retrace.

    `Home()` reads the database directly, even while the workbench is running. `retrace.connect()` reads through the running workbench.

    Raises:
        RetraceError: there is no home, or it was created by an earlier or later version of Retrace
    """

    def __init__(self, path: Optional[PathLike] = None, *, source: Optional[Source] = None):
        self.path = Path(path) if path is not None else default_home()
        self._source: Source = source if source is not None else Database(self.path)

    def __enter__(self) -> "Home":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._source.close()

    def runs(self) -> List[Run]:
        """All runs except removed ones, newest first."""
        return [self._run(row) for row in self._source.runs()]

    def run(self, id_or_name: str) -> Run:
        """The run with this id, or with this name if it is unique."""
        return self._only(self.runs(), "run", "runs", id_or_name)

    def studies(self) -> List[Study]:
        """All studies, newest first."""
        return [Study(row["id"], row["name"], row["template"], row["options"], self) for row in self._source.studies()]

    def study(self, id_or_name: str) -> Study:
        """The study with this id, or with this name if it is unique."""
        return self._only(self.studies(), "study", "studies", id_or_name)

    def _only(self, all_of_them: List[_Named], one: str, several: str, id_or_name: str) -> _Named:
        found = [each for each in all_of_them if each.id == id_or_name] or [each for each in all_of_them if each.name == id_or_name]
        if len(found) != 1:
            why = f"No {one}" if not found else f"{len(found)} {several} ({', '.join(each.id for each in found)})"
            raise RetraceError(f"{why} in {self.path} with the id or name {id_or_name}.")
        return found[0]

    def _run(self, row: Dict[str, Any]) -> Run:
        return Run(
            id=row["id"],
            name=row["name"],
            preset=row["preset"],
            dataset=row["dataset"],
            seed=row["seed"],
            status=row["status"],
            reason=row["reason"],
            step=row["step"],
            total_steps=row["totalSteps"],
            parameters=row["parameters"],
            active_seconds=row["activeSeconds"],
            reported=row["reported"],
            latest={key: as_number(value) for key, value in row["latest"].items()},
            tags=row["tags"],
            study_id=row["studyId"],
            _home=self,
        )


_CELL_STATE = """CASE WHEN cells.runId IS NULL THEN coalesce(cells.state, 'removed')
  WHEN runs.status = 'paused' AND runs.step >= cells.until
  THEN iif(studies.undecided AND cells.phase = studies.phase, 'waiting', 'dropped') ELSE coalesce(runs.status, 'removed') END"""


class Database:
    """Reads the SQLite database of a home, which Retrace may be using at the same time."""

    def __init__(self, home: Path):
        file = home / "retrace.sqlite"
        if not file.is_file():
            raise RetraceError(f"{home} is not a home of Retrace: it has no retrace.sqlite. Give the path of one, or set RETRACE_HOME.")
        self._file = file
        self._db = sqlite3.connect(f"file:{quote(str(file.resolve()))}?mode=ro", uri=True)
        self._db.row_factory = sqlite3.Row

    def close(self) -> None:
        self._db.close()

    def _all(self, sql: str, *values: Any) -> List[Dict[str, Any]]:
        try:
            return [dict(row) for row in self._db.execute(sql, values)]
        except sqlite3.DatabaseError as error:
            raise RetraceError(
                f"Cannot read {self._file}: {error}. If another version of Retrace made it, open it once with the Retrace that this package comes with."
            ) from error

    def runs(self) -> List[Dict[str, Any]]:
        rows = self._all("SELECT * FROM runs WHERE removedAt IS NULL ORDER BY number DESC")
        for row in rows:
            row["latest"] = decode_numbers(row["latest"])
            row["tags"] = json.loads(row["tags"])
            row["reported"] = None if row["reported"] is None else json.loads(row["reported"])
        return rows

    def record(self, run_id: str) -> Dict[str, Any]:
        rows = self._all("SELECT config, environment FROM run_records WHERE runId = ?", run_id)
        if not rows:
            raise RetraceError(f"The run {run_id} is no longer in {self._file.parent}.")
        return {"config": json.loads(rows[0]["config"]), "environment": json.loads(rows[0]["environment"])}

    def series(self, run_id: str, keys: Optional[List[str]]) -> List[Series]:
        # One transaction, so that no points move from a tail to a chunk between the two queries.
        with self._db:
            self._db.execute("BEGIN")
            found = self._all("SELECT id, key FROM series WHERE runId = ? ORDER BY key", run_id)
            return [self._points(row["id"], row["key"]) for row in found if keys is None or row["key"] in keys]

    def _points(self, series_id: int, key: str) -> Series:
        parts: List[Dict[str, bytes]] = []
        for table in ("chunks", "tails"):
            parts += self._all(f"SELECT steps, vals, times FROM {table} WHERE seriesId = ? ORDER BY start", series_id)
        return Series.from_bytes(key, *(b"".join(part[column] for part in parts) for column in ("steps", "vals", "times")))

    def checkpoints(self, run_id: str) -> List[Dict[str, Any]]:
        rows = self._all("SELECT file, step, kind, metrics, weightsHash FROM checkpoints WHERE runId = ? ORDER BY step, createdAt", run_id)
        return [{**row, "metrics": decode_numbers(row["metrics"])} for row in rows]

    def studies(self) -> List[Dict[str, Any]]:
        rows = self._all("SELECT id, name, template, options FROM studies ORDER BY createdAt DESC, rowid DESC")
        return [{**row, "options": json.loads(row["options"])} for row in rows]

    def cells(self, study_id: str) -> List[Dict[str, Any]]:
        rows = self._all(
            f"""SELECT cells.position, cells.factors, cells.work, cells.runId, cells.measured, {_CELL_STATE} AS state,
                  iif(cells.runId IS NULL, cells.reason, runs.reason) AS reason,
                  iif(cells.runId IS NULL, cells.seconds, runs.activeSeconds) AS seconds
                FROM study_cells AS cells JOIN studies ON studies.id = cells.studyId
                LEFT JOIN runs ON runs.id = cells.runId AND runs.removedAt IS NULL
                WHERE cells.studyId = ? ORDER BY cells.position""",
            study_id,
        )
        for row in rows:
            row["factors"], row["work"] = json.loads(row["factors"]), json.loads(row["work"])
            row["measured"] = None if row["measured"] is None else json.loads(row["measured"])
        return rows
