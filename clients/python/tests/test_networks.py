"""Compares the PyTorch networks with logits of Retrace; `test/native/python-networks.test.ts` writes the cases and starts this.

RETRACE_TEST_CASES is a folder with NAME.safetensors (weights) and NAME.case.safetensors (images NHWC and logits) for each case.
"""
import os
import unittest
from pathlib import Path

import numpy as np
import torch

from retrace import read_checkpoint
from retrace.networks import ARCHITECTURES, Network

CASES = Path(os.environ["RETRACE_TEST_CASES"])


class Logits(unittest.TestCase):
    def test_are_those_of_retrace(self):
        seen = set()
        for file in sorted(CASES.glob("*.case.safetensors")):
            with self.subTest(file.name):
                case = read_checkpoint(file).tensors
                network = Network.from_checkpoint(CASES / file.name.replace(".case", ""))
                seen.add(network.config["arch"])
                images = torch.from_numpy(case["images"].copy()).permute(0, 3, 1, 2)
                with torch.no_grad():
                    found = network(images).numpy()
                expected = case["logits"]
                scale = np.abs(expected).max()
                self.assertLess(np.abs(found - expected).max(), 1e-4 * scale)
                # If the two largest logits differ by more than that, both must predict the same class.
                ordered = np.sort(expected, axis=1)
                clear = ordered[:, -1] - ordered[:, -2] > 2e-4 * scale
                np.testing.assert_array_equal(found.argmax(1)[clear], expected.argmax(1)[clear])
        self.assertEqual(sorted(seen), ARCHITECTURES)

    def test_gradients_flow(self):
        file = next(iter(CASES.glob("hamiltonian*.case.safetensors")))
        network = Network.from_checkpoint(CASES / file.name.replace(".case", ""))
        network(torch.from_numpy(read_checkpoint(file).tensors["images"].copy()).permute(0, 3, 1, 2)).sum().backward()
        self.assertTrue(all(parameter.grad is not None and torch.isfinite(parameter.grad).all() for parameter in network.parameters()))


if __name__ == "__main__":
    unittest.main()
