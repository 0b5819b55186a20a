"""Profiles: one YAML file names the models, tasks, approaches, rows and thresholds of one experiment grid.

A profile is looked up by name in the project's `fixtures/profiles/`, or given as a file anywhere.
"""

from dspysota.profiles.grid import Known
from dspysota.profiles.reading import available, empty, load
from dspysota.profiles.values import PRICING, Cell, ClaimTerms, ModelUse, Optimize, Profile

__all__ = ["PRICING", "Cell", "ClaimTerms", "Known", "ModelUse", "Optimize", "Profile", "available", "empty", "load"]
