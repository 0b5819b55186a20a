"""What a command will take, told before anything is asked: from the real prompts, and from earlier runs."""

from dspysota.experiment.forecast.outlook import Outlook, foresee
from dspysota.experiment.forecast.table import beyond, lines

__all__ = ["Outlook", "beyond", "foresee", "lines"]
