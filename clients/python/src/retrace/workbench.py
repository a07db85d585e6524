"""Client for the HTTP API of a workbench running on this machine."""
from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Dict, List, Optional
from urllib.parse import quote

from .errors import RetraceError
from .home import Home
from .numbers import NAMES
from .places import PathLike, default_home
from .series import Series

_TIMEOUT_SECONDS = 60


class Workbench:
    """Calls procedures of the workbench running on a home, with a token that only its user can read.

    Raises:
        RetraceError: no workbench is running on the home
    """

    def __init__(self, home: Optional[PathLike] = None):
        self.home = Path(home) if home is not None else default_home()
        try:
            record = json.loads((self.home / "host.json").read_text(encoding="utf-8"))
            self.address, self._token = record["address"], record["token"]
        except (OSError, ValueError, KeyError) as error:
            raise RetraceError(f"No workbench is running on {self.home}. Start one with `npm start -- --home {self.home}`.") from error

    def call(self, procedure: str, input: Any = None, *, change: bool = False) -> Any:
        """Calls a procedure and returns its result, as in `call("runs.get", {"id": "w6wjlda3"})`.

        Args:
            procedure: its name, as used by the window
            input: its input; docs/python.md lists the procedures with a stable interface
            change: True for mutations

        Raises:
            RetraceError: the call failed; the message is that of the workbench
        """
        address = f"{self.address}/api/{procedure}"
        body = json.dumps({"json": input})
        request = urllib.request.Request(
            address if change else f"{address}?input={quote(body)}",
            data=body.encode() if change else None,
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:
                return _decode(json.load(response)["result"]["data"])
        except urllib.error.HTTPError as error:
            raise RetraceError(_message_of(error)) from error
        except (urllib.error.URLError, OSError) as error:
            raise RetraceError(f"The workbench at {self.address} does not respond. Start it with `npm start`.") from error


def connect(home: Optional[PathLike] = None) -> Home:
    """Opens the home of a running workbench, read through its API.

    Raises:
        RetraceError: no workbench is running on the home
    """
    workbench = Workbench(home)
    return Home(workbench.home, source=_Api(workbench))


class _Api:
    """A `Source` that uses the API."""

    def __init__(self, workbench: Workbench):
        self._call = workbench.call

    def close(self) -> None:
        pass

    def runs(self) -> List[Dict[str, Any]]:
        return self._call("runs.list")["runs"]

    def record(self, run_id: str) -> Dict[str, Any]:
        return self._call("runs.get", {"id": run_id})

    def series(self, run_id: str, keys: Optional[List[str]]) -> List[Series]:
        asked = {"id": run_id} if keys is None else {"id": run_id, "keys": keys}
        return [Series.from_packed(each["key"], each["points"]) for each in self._call("runs.series", asked)["series"]]

    def checkpoints(self, run_id: str) -> List[Dict[str, Any]]:
        return self._call("runs.get", {"id": run_id})["checkpoints"]

    def studies(self) -> List[Dict[str, Any]]:
        return self._call("studies.list")["studies"]

    def cells(self, study_id: str) -> List[Dict[str, Any]]:
        return self._call("studies.get", {"id": study_id})["cells"]


def _message_of(error: urllib.error.HTTPError) -> str:
    text = error.read().decode("utf-8", "replace")
    try:
        return json.loads(text)["error"]["json"]["message"]
    except (ValueError, KeyError, TypeError):
        return text.strip() or f"The workbench answered with status {error.code}."


def _decode(data: Dict[str, Any]) -> Any:
    """Decodes superjson: numbers that JSON lacks are strings, and `meta` lists their paths."""
    value = data["json"]
    places = (data.get("meta") or {}).get("values") or {}
    if isinstance(places, list):
        # `meta` refers to the value itself.
        return NAMES[value] if places[0] == "number" else value
    for path, kind in places.items():
        if kind == ["number"]:
            _replace(value, _parts(path))
    return value


def _parts(path: str) -> List[str]:
    parts, part, escaped = [], "", False
    for letter in path:
        if escaped or letter not in "\\.":
            part, escaped = part + letter, False
        elif letter == "\\":
            escaped = True
        else:
            parts.append(part)
            part = ""
    return [*parts, part]


def _replace(value: Any, parts: List[str]) -> None:
    for part in parts[:-1]:
        value = value[int(part)] if isinstance(value, list) else value[part]
    last = int(parts[-1]) if isinstance(value, list) else parts[-1]
    value[last] = NAMES[value[last]]
