"""Tests of the package on a home created by the project's own tests; started by `test/clients/python.test.ts`.

RETRACE_TEST_CASE is a JSON file with the folder of the home and the values that Retrace itself reports for it.
"""
import json
import math
import os
import shutil
import tempfile
import unittest
from pathlib import Path

import numpy as np

import retrace
from retrace.workbench import _decode

CASE = json.loads(Path(os.environ["RETRACE_TEST_CASE"]).read_text(encoding="utf-8"))


def homes():
    """The home, read from its files and through the workbench."""
    yield "database", retrace.Home(CASE["home"])
    yield "api", retrace.connect(CASE["home"])


class Reading(unittest.TestCase):
    def each(self):
        for how, home in homes():
            with self.subTest(how), home:
                yield home

    def test_runs_are_those_of_retrace(self):
        for home in self.each():
            runs = home.runs()
            self.assertEqual([run.id for run in runs], [run["id"] for run in CASE["runs"]])
            for run, expected in zip(runs, CASE["runs"]):
                self.assertEqual((run.name, run.status, run.step, run.total_steps), (expected["name"], expected["status"], expected["step"], expected["totalSteps"]))
                self.assertEqual(run.config["arch"], expected["arch"])
                self.assertEqual(run.environment["platform"], expected["platform"])
                self.assertEqual(run.test_accuracy, expected["accuracy"])
                self.assertEqual({key: str(value) for key, value in run.latest.items()}, {key: str(float(value)) for key, value in expected["latest"].items()})

    def test_series_have_every_point(self):
        for home in self.each():
            for expected in CASE["runs"]:
                run = home.run(expected["id"])
                self.assertEqual(run.keys(), sorted(expected["series"]))
                for key, points in expected["series"].items():
                    series = run.series(key)
                    np.testing.assert_array_equal(series.steps, points["steps"])
                    np.testing.assert_array_equal(series.values, [float(value) for value in points["values"]])
                    self.assertEqual(len(series), len(points["steps"]))

    def test_what_is_not_there_is_named(self):
        for home in self.each():
            with self.assertRaisesRegex(retrace.RetraceError, "No run .*nothere"):
                home.run("nothere")
            with self.assertRaisesRegex(retrace.RetraceError, "no series train/nonsense. It has: .*train/loss"):
                home.run(CASE["trained"]).series("train/nonsense")
            with self.assertRaisesRegex(retrace.RetraceError, "2 runs .*twice"):
                home.run("twice")

    def test_studies_have_every_cell(self):
        for home in self.each():
            study = home.study(CASE["study"]["name"])
            self.assertEqual(study.options, CASE["study"]["options"])
            cells = [[cell.position, cell.factors, cell.kind, cell.state, cell.run_id] for cell in study.cells()]
            self.assertEqual(cells, CASE["study"]["cells"])

    def test_frames(self):
        try:
            import pandas  # noqa: F401
        except ImportError:
            self.skipTest("pandas is not installed")
        for home in self.each():
            frame = home.run(CASE["trained"]).frame(["train/loss", "test/accuracy"])
            self.assertEqual(list(frame.columns), ["test/accuracy", "train/loss"])
            expected = next(run for run in CASE["runs"] if run["id"] == CASE["trained"])["series"]["train/loss"]
            np.testing.assert_array_equal(frame["train/loss"].dropna().index, expected["steps"])
            self.assertEqual(len(home.study(CASE["study"]["name"]).frame()), len(CASE["study"]["cells"]))


class Checkpoints(unittest.TestCase):
    def setUp(self):
        self.home = retrace.Home(CASE["home"])
        self.addCleanup(self.home.close)
        self.stored = self.home.run(CASE["trained"]).checkpoints()

    def test_have_arrays_by_name(self):
        self.assertEqual([each.step for each in self.stored], CASE["checkpointSteps"])
        for each in self.stored:
            read = each.read()
            self.assertEqual(read.metadata["weightsHash"], each.weights_hash)
            self.assertEqual(read.config["arch"], "hamiltonian")
            kernel = read.params["stage1/unit1/kernel1"]
            self.assertEqual((kernel.dtype, kernel.ndim, kernel.shape[0]), (np.float32, 2, kernel.shape[1]))
            self.assertTrue(all(np.isfinite(array).all() for array in read.tensors.values()))

    def test_damage_is_found_wherever_it_is(self):
        whole = Path(CASE["sealed"]).read_bytes()
        retrace.read_checkpoint(CASE["sealed"])
        header = 8 + int.from_bytes(whole[:8], "little")
        places = {"an array": header + 4, "the last array": len(whole) - 2, "the configuration": whole.index(b"hamiltonian"), "the hash": whole.index(b"Hash") + 10}
        for what, at in places.items():
            with self.subTest(what), self.assertRaises(retrace.RetraceError):
                retrace.read_checkpoint(self._file(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]))
        for what, content in {"truncated": whole[:-5], "empty": b"", "a long header": b"\xff" * 8 + whole[8:], "longer": whole + b"\0"}.items():
            with self.subTest(what), self.assertRaisesRegex(retrace.RetraceError, "is not a .safetensors file that Retrace writes"):
                retrace.read_checkpoint(self._file(content))

    def test_damage_of_an_early_file_is_found_in_its_weights(self):
        whole = bytearray(self.stored[-1].path.read_bytes())
        self.assertNotIn(b"contentHash", whole)
        whole[8 + int.from_bytes(whole[:8], "little") + 4] ^= 1
        with self.assertRaises(retrace.DamagedFile):
            retrace.read_checkpoint(self._file(bytes(whole)))

    def _file(self, content):
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        (folder / "x.safetensors").write_bytes(content)
        return folder / "x.safetensors"


class Elsewhere(unittest.TestCase):
    def test_a_folder_that_is_no_home_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(retrace.RetraceError, "is not a home of Retrace"):
                retrace.Home(folder)
            with self.assertRaisesRegex(retrace.RetraceError, "No workbench is running"):
                retrace.connect(folder)

    def test_messages_of_the_workbench_arrive(self):
        workbench = retrace.Workbench(CASE["home"])
        with self.assertRaisesRegex(retrace.RetraceError, "nothere1"):
            workbench.call("runs.get", {"id": "nothere1"})
        workbench.call("runs.edit", {"ids": [CASE["trained"]], "addTags": ["from Python"]}, change=True)
        with retrace.Home(CASE["home"]) as home:
            self.assertIn("from Python", home.run(CASE["trained"]).tags)

    def test_numbers_that_json_lacks(self):
        decoded = _decode({"json": {"a.b": ["NaN", 1], "c": "Infinity", "d": "NaN"}, "meta": {"values": {"a\\.b.0": ["number"], "c": ["number"]}}})
        self.assertTrue(math.isnan(decoded["a.b"][0]))
        self.assertEqual((decoded["c"], decoded["d"]), (math.inf, "NaN"))


if __name__ == "__main__":
    unittest.main()
