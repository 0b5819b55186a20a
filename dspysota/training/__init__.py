"""Training of weights, in a process of its own, by TRL and PEFT. Importing this package imports neither."""

from dspysota.training.trainer import LoraTrainer

__all__ = ["LoraTrainer"]
