"""How busy this node's devices are: every GPU through NVML where there is one, else all CPUs together.

A busy engine keeps a GPU near 100 % whatever it achieves, so this is a reading to look at, not one to decide on.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReading:
    """`device` is "gpu0 <name>" or "cpu"; `utilization` a ratio since the last reading; memory is the device's own."""

    device: str
    utilization: float
    memory_used_bytes: float


def read() -> list[NodeReading]:
    """One reading per GPU; where NVML finds none, one for the CPUs."""
    return _gpus() or [_cpu()]


def _gpus() -> list[NodeReading]:
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:  # no driver on this node
        return []
    try:
        return [_gpu(index) for index in range(pynvml.nvmlDeviceGetCount())]
    finally:
        pynvml.nvmlShutdown()


def _gpu(index: int) -> NodeReading:
    import pynvml

    device = pynvml.nvmlDeviceGetHandleByIndex(index)
    return NodeReading(
        device=f"gpu{index} {pynvml.nvmlDeviceGetName(device)}",
        utilization=pynvml.nvmlDeviceGetUtilizationRates(device).gpu / 100,
        memory_used_bytes=float(pynvml.nvmlDeviceGetMemoryInfo(device).used),
    )


def _cpu() -> NodeReading:
    import psutil

    return NodeReading(
        device="cpu",
        utilization=psutil.cpu_percent() / 100,
        memory_used_bytes=float(psutil.virtual_memory().used),
    )
