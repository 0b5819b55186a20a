"""What is missing on this machine, in one line each, with the command that cures it."""

from dspysota.doctor.examine import examine
from dspysota.doctor.finding import Finding, Level

__all__ = ["Finding", "Level", "examine"]
