"""Every error that dspysota raises on purpose.

SotaError
├── ConfigError        an option, profile, catalog entry or environment value is wrong
│   └── MetricError    a metric of one's own failed, or returned no score
├── DataError          rows are missing, malformed, or the splits overlap
├── ModelError         weights cannot be had, do not match their digest, or cannot be served
│   └── ServerError    a model server did not start, died, or refused a request
│       └── NotServedError  a server answers, and serves other models than the one asked for
├── ProgramError       a program cannot be prepared, saved or loaded
└── RunError           a run cannot be measured, stored or continued
    └── LimitReachedError   --sota-max-cost or --sota-max-minutes ended it; a higher limit goes on

Messages are one or two sentences: what is wrong (with the value, in quotes), what would be right,
and the command or setting that cures it.
"""


class SotaError(Exception):
    """Base of every error raised on purpose; its message is meant for the person at the keyboard."""


class ConfigError(SotaError):
    """An option, profile, catalog entry or environment value is wrong."""


class MetricError(ConfigError):
    """A metric of one's own failed, or returned no score."""


class DataError(SotaError):
    """Rows are missing or malformed, or splits overlap."""


class ModelError(SotaError):
    """Weights cannot be had, do not match their digest, or cannot be served."""


class ServerError(ModelError):
    """A model server did not start, died, or refused a request."""


class NotServedError(ServerError):
    """A server answers, and serves other models than the one asked for."""


class ProgramError(SotaError):
    """A program cannot be prepared, saved or loaded."""


class RunError(SotaError):
    """A run cannot be measured, stored or continued."""


class LimitReachedError(RunError):
    """The session's limit of dollars or minutes ended it; what was answered is kept, and a higher limit goes on."""
