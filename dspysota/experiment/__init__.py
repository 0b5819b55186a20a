"""From a cell of the grid to a run: ties tasks, models, programs, the loop and the store together."""

from dspysota.experiment.climb import climb
from dspysota.experiment.comparison import Comparison, compare
from dspysota.experiment.formats import Tried, TriedFormats, advice, try_formats
from dspysota.experiment.known import known, make_cell
from dspysota.experiment.pace import Course, Pace
from dspysota.experiment.prices import priced_by
from dspysota.experiment.progress import ConsoleProgress, Progress, Silence
from dspysota.experiment.provenance import commit
from dspysota.experiment.references import contenders, named, reference, replay_folder
from dspysota.experiment.settings import Settings
from dspysota.experiment.watching import Against
from dspysota.experiment.whole import measure_profile
from dspysota.experiment.workbench import Workbench

__all__ = [
    "Against",
    "Comparison",
    "ConsoleProgress",
    "Course",
    "Pace",
    "Progress",
    "Settings",
    "Silence",
    "Tried",
    "TriedFormats",
    "Workbench",
    "advice",
    "climb",
    "commit",
    "compare",
    "contenders",
    "known",
    "make_cell",
    "measure_profile",
    "named",
    "priced_by",
    "reference",
    "replay_folder",
    "try_formats",
]
