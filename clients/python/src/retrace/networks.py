"""The networks of Retrace in PyTorch, for the weights of a checkpoint. Requires torch.

    from retrace.networks import Network

    network = Network.from_checkpoint(run.checkpoints()[-1].path)
    logits = network(images)                      # [batch, channels, height, width], normalised as for training

Every architecture is implemented independently of Retrace's own code, and tests compare the logits of both (docs/python.md). Gradients are
computed by autograd, which stores all activations: suitable for analysis and fine-tuning, not for training thousands of layers.
"""
from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Mapping, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .checkpoints import Checkpoint, read_checkpoint
from .errors import RetraceError

_BATCH_NORM_EPSILON = 1e-5

State = Tuple[Tensor, Tensor]


class Network(nn.Module):
    """One of Retrace's networks in inference mode. Parameters and buffers have the checkpoint's names, with `__` in place of `/`.

    Args:
        config: configuration of the run
        params: parameters by name; kernels HWIO, as in the checkpoint
        statistics: mean and biased variance of each batch norm
    """

    def __init__(self, config: Mapping[str, Any], params: Mapping[str, np.ndarray], statistics: Mapping[str, np.ndarray]):
        super().__init__()
        if config["arch"] not in _ARCHITECTURES:
            raise RetraceError(f"This package does not know the architecture {config['arch']}. It knows: {', '.join(sorted(_ARCHITECTURES))}.")
        self.config = dict(config)
        self.dense = config.get("maps") == "dense"
        self.activation: Callable[[Tensor], Tensor] = {"relu": torch.relu, "tanh": torch.tanh, "identity": lambda x: x}[config["activation"]]
        self._architecture = _ARCHITECTURES[config["arch"]]
        for name, array in params.items():
            value = torch.from_numpy(np.array(array, dtype=np.float32))
            # HWIO to OIHW.
            self.register_parameter(_attribute(name), nn.Parameter(value.permute(3, 2, 0, 1).contiguous() if value.ndim == 4 else value))
        for name, array in statistics.items():
            self.register_buffer(_attribute(name), torch.from_numpy(np.array(array, dtype=np.float32)))

    @classmethod
    def from_checkpoint(cls, path) -> "Network":
        """Loads the network of a checkpoint or of exported weights, with the batch-norm statistics used in evaluations of its run."""
        return cls.of(read_checkpoint(path))

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> "Network":
        """As `from_checkpoint`, for a checkpoint already read."""
        return cls(json.loads(checkpoint.metadata["config"]), checkpoint.params, checkpoint.statistics)

    def get(self, name: str) -> Tensor:
        """The parameter or statistic with this name in the checkpoint."""
        return getattr(self, _attribute(name))

    def has(self, name: str) -> bool:
        return hasattr(self, _attribute(name))

    def forward(self, images: Tensor) -> Tensor:
        """Logits [batch, classes] of images [batch, channels, height, width] or points [batch, coordinates], normalised as for training."""
        state = self._stem(images)
        for index, stage in enumerate(self.config["stages"], 1):
            state = self._stage(state, index, stage)
        if not self.dense:
            if self._has_edge_norm:
                state = torch.relu(self.norm(state, "head/bn"))
            state = state.mean((2, 3))
        return state @ self.get("head/dense/kernel") + self.get("head/dense/bias")

    @property
    def _has_edge_norm(self) -> bool:
        return self.config.get("edgeNorm", "batch") == "batch"

    def _stem(self, images: Tensor) -> Tensor:
        if not self.dense:
            mapped = self.map(images, "stem/kernel")
            return torch.relu(self.norm(mapped, "stem/bn") if self._has_edge_norm else mapped)
        # Retrace flattens images in HWC order.
        vectors = images if images.ndim == 2 else images.permute(0, 2, 3, 1).flatten(1)
        if self.config.get("denseStem"):
            return torch.relu(vectors @ self.get("stem/dense/kernel"))
        return self.append_zeros(vectors, self.config["stages"][0]["channels"])

    def _stage(self, state: Tensor, index: int, stage: Mapping[str, Any]) -> Tensor:
        unit_type, channels = self._architecture, stage["channels"]
        units = [_Unit(self, f"stage{index}/unit{number}") for number in range(1, stage["units"] + 1)]
        if index > 1:
            if unit_type.widens_in_unit:
                widening = units.pop(0)
                state = unit_type.close(unit_type.widen(widening, unit_type.open(widening, state), channels))
            else:
                state = self.pool_and_pad(state, channels)
        pair = unit_type.open(_Unit(self, ""), state)
        for unit in units:
            pair = unit_type.step(unit, pair)
        return unit_type.close(pair)

    def map(self, x: Tensor, kernel: str, stride: int = 1) -> Tensor:
        """K x with TensorFlow's 'same' padding, which at stride 2 and even sizes pads only right and bottom; x K for vectors."""
        k = self.get(kernel)
        if self.dense:
            return x @ k
        size = k.shape[-1]
        pads = []
        for length in (x.shape[3], x.shape[2]):
            total = max(0, (-(-length // stride) - 1) * stride + size - length)
            pads += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, pads), k, stride=stride)

    def adjoint(self, x: Tensor, kernel: str) -> Tensor:
        """K' x, the adjoint of `map` with stride 1."""
        k = self.get(kernel)
        return x @ k.T if self.dense else F.conv_transpose2d(x, k, padding=k.shape[-1] // 2)

    def norm(self, x: Tensor, name: str) -> Tensor:
        """Batch norm in inference mode."""
        scale = self.get(f"{name}/gamma") * torch.rsqrt(self.get(f"{name}/variance") + _BATCH_NORM_EPSILON)
        shift = self.get(f"{name}/beta") - self.get(f"{name}/mean") * scale
        return x * self._beside(scale) + self._beside(shift)

    def add_bias(self, x: Tensor, name: str) -> Tensor:
        return x + self._beside(self.get(name))

    def pool_and_pad(self, x: Tensor, channels: int) -> Tensor:
        """2x2 average pooling of images, followed by zero channels."""
        return self.append_zeros(x if self.dense else F.avg_pool2d(x, 2), channels)

    def append_zeros(self, x: Tensor, channels: int) -> Tensor:
        missing = channels - x.shape[1]
        return F.pad(x, (0, missing) if x.ndim == 2 else (0, 0, 0, 0, 0, missing))

    def _beside(self, channels: Tensor) -> Tensor:
        return channels if self.dense else channels[:, None, None]


class _Unit:
    """One unit of a network, whose parameters are accessed by their local names."""

    def __init__(self, network: Network, name: str):
        self.network, self.name = network, name
        self.config, self.activation = network.config, network.activation

    @property
    def h(self) -> float:
        """Step size. The first unit of a normalised network uses 1, as the authors' does."""
        is_first_of_normalised = self.name == "stage1/unit1" and self.config.get("unitNorm") == "batch"
        return 1.0 if is_first_of_normalised else self.config["h"]

    def map(self, x: Tensor, kernel: str, stride: int = 1) -> Tensor:
        return self.network.map(x, f"{self.name}/{kernel}", stride)

    def adjoint(self, x: Tensor, kernel: str) -> Tensor:
        return self.network.adjoint(x, f"{self.name}/{kernel}")

    def add_bias(self, x: Tensor, bias: str) -> Tensor:
        return self.network.add_bias(x, f"{self.name}/{bias}")

    def layer(self, x: Tensor, apply: Callable[[Tensor], Tensor], suffix: str = "") -> Tensor:
        """s(K x + b), or s(BN2(K BN1(x))) if units are normalised, with `apply` as K."""
        norm_in, norm_mid = (f"{self.name}/{norm}{suffix}" for norm in ("bnIn", "bnMid"))
        if self.network.has(f"{norm_in}/gamma"):
            x = self.network.norm(x, norm_in)
        mapped = apply(x)
        if self.network.has(f"{norm_mid}/gamma"):
            return self.activation(self.network.norm(mapped, norm_mid))
        return self.activation(self.add_bias(mapped, f"bias{suffix}"))

    def symmetric(self, x: Tensor, suffix: str = "") -> Tensor:
        """K' s(K x + b)."""
        kernel = f"kernel{suffix}"
        return self.adjoint(self.layer(x, lambda y: self.map(y, kernel), suffix), kernel)

    def branch(self, x: Tensor, prefix: str = "", stride: int = 1) -> Tensor:
        """Pre-activation branch BN-ReLU-conv-BN-ReLU-conv."""
        inner = self.map(torch.relu(self.network.norm(x, f"{self.name}/{prefix}bn1")), f"{prefix}conv1", stride)
        return self.map(torch.relu(self.network.norm(inner, f"{self.name}/{prefix}bn2")), f"{prefix}conv2")


class _Architecture:
    """How the units of a stage transform a pair of states. Single-state architectures hold the state in both places."""

    widens_in_unit = False

    def open(self, unit: _Unit, x: Tensor) -> State:
        return x, x

    def close(self, pair: State) -> Tensor:
        return pair[1]

    def step(self, unit: _Unit, pair: State) -> State:
        following = self.following(unit, pair[1])
        return following, following

    def following(self, unit: _Unit, y: Tensor) -> Tensor:
        raise NotImplementedError

    def widen(self, unit: _Unit, pair: State, channels: int) -> State:
        raise NotImplementedError


class _Halves(_Architecture):
    def open(self, unit: _Unit, x: Tensor) -> State:
        return tuple(x.chunk(2, 1))

    def close(self, pair: State) -> Tensor:
        return torch.cat(pair, 1)


class _Hamiltonian(_Halves):
    def step(self, unit: _Unit, pair: State) -> State:
        y, z = pair
        y = y + unit.h * unit.symmetric(z, "1")
        return y, z - unit.h * unit.symmetric(y, "2")


class _Midpoint(_Architecture):
    def open(self, unit: _Unit, x: Tensor) -> State:
        return (torch.zeros_like(x) if unit.config["start"] == "zero" else x), x

    def step(self, unit: _Unit, pair: State) -> State:
        before, y = pair
        return y, before + 2 * unit.h * unit.layer(y, lambda v: unit.map(v, "kernel") - unit.adjoint(v, "kernel"))


class _Leapfrog(_Architecture):
    def open(self, unit: _Unit, x: Tensor) -> State:
        """Velocity and state. With a zero start, the previous state is zero, so that the velocity is x."""
        return (x if unit.config["start"] == "zero" else torch.zeros_like(x)), x

    def step(self, unit: _Unit, pair: State) -> State:
        velocity, y = pair
        velocity = velocity - unit.h**2 * unit.symmetric(y)
        return velocity, y + velocity


class _Verlet(_Architecture):
    def open(self, unit: _Unit, x: Tensor) -> State:
        return torch.zeros_like(x), x

    def step(self, unit: _Unit, pair: State) -> State:
        z, y = pair
        z = z - unit.h * unit.layer(y, lambda v: unit.adjoint(v, "kernel"))
        return z, y + unit.h * unit.layer(z, lambda v: unit.map(v, "kernel"))


class _Antisymmetric(_Architecture):
    def following(self, unit: _Unit, y: Tensor) -> Tensor:
        damping = unit.config["damping"]
        return y + unit.h * unit.layer(y, lambda v: (unit.map(v, "kernel") - unit.adjoint(v, "kernel") - damping * v) / 2)


class _Euler(_Architecture):
    def following(self, unit: _Unit, y: Tensor) -> Tensor:
        return y + unit.h * unit.layer(y, lambda v: unit.map(v, "kernel"))


class _Plain(_Architecture):
    def following(self, unit: _Unit, y: Tensor) -> Tensor:
        return unit.layer(y, lambda v: unit.map(v, "kernel"))


class _Highway(_Architecture):
    def following(self, unit: _Unit, y: Tensor) -> Tensor:
        gate = torch.sigmoid(unit.add_bias(unit.map(y, "kernelT"), "biasT"))
        return gate * unit.layer(y, lambda v: unit.map(v, "kernel")) + (1 - gate) * y


class _Strided(_Architecture):
    """Single-state architectures in which the first unit of a later stage halves the image and adds channels."""

    widens_in_unit = True

    def following(self, unit: _Unit, y: Tensor) -> Tensor:
        return self.unit(unit, y, y, 1)

    def widen(self, unit: _Unit, pair: State, channels: int) -> State:
        # Vectors have no image to halve.
        following = self.unit(unit, pair[1], unit.network.pool_and_pad(pair[1], channels), 2)
        return following, following

    def unit(self, unit: _Unit, y: Tensor, shortcut: Tensor, stride: int) -> Tensor:
        raise NotImplementedError


class _ResNet(_Strided):
    def unit(self, unit: _Unit, y: Tensor, shortcut: Tensor, stride: int) -> Tensor:
        return shortcut + unit.branch(y, stride=stride)


class _Identity(_Strided):
    def unit(self, unit: _Unit, y: Tensor, shortcut: Tensor, stride: int) -> Tensor:
        if unit.network.has(f"{unit.name}/projection"):
            shortcut = unit.map(y, "projection", stride)
        inner = unit.activation(unit.add_bias(unit.map(y, "conv1", stride), "bias1"))
        return shortcut + unit.add_bias(unit.map(inner, "conv2"), "bias2")


class _Spiking(_Strided):
    def unit(self, unit: _Unit, y: Tensor, shortcut: Tensor, stride: int) -> Tensor:
        return unit.activation(shortcut + unit.map(unit.activation(unit.map(y, "conv1", stride)), "conv2"))


class _Vgg(_Strided):
    def unit(self, unit: _Unit, y: Tensor, shortcut: Tensor, stride: int) -> Tensor:
        halved = F.avg_pool2d(y, 2) if stride == 2 and not unit.network.dense else y
        return unit.activation(unit.map(halved, "conv1"))


class _RevNet(_Halves):
    widens_in_unit = True

    def step(self, unit: _Unit, pair: State) -> State:
        first = pair[0] + unit.branch(pair[1], "f/")
        return first, pair[1] + unit.branch(first, "g/")

    def widen(self, unit: _Unit, pair: State, channels: int) -> State:
        first = unit.network.pool_and_pad(pair[0], channels // 2) + unit.branch(pair[1], "f/", 2)
        return first, unit.network.pool_and_pad(pair[1], channels // 2) + unit.branch(first, "g/")


_ARCHITECTURES: Dict[str, _Architecture] = {
    "antisymmetric": _Antisymmetric(),
    "euler": _Euler(),
    "hamiltonian": _Hamiltonian(),
    "highway": _Highway(),
    "identity": _Identity(),
    "leapfrog": _Leapfrog(),
    "midpoint": _Midpoint(),
    "plain": _Plain(),
    "resnet": _ResNet(),
    "revnet": _RevNet(),
    "spiking": _Spiking(),
    "verlet": _Verlet(),
    "vgg": _Vgg(),
}
ARCHITECTURES: List[str] = sorted(_ARCHITECTURES)


def _attribute(name: str) -> str:
    return name.replace("/", "__")
