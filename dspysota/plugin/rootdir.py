"""Whether pytest works in the project that it was asked to work in."""

from __future__ import annotations

import os
from itertools import pairwise

import pytest

from dspysota.plugin.options import OPTIONS


def check(config: pytest.Config) -> None:
    """Raise pytest.UsageError where a path behind one of our options moved pytest's rootdir.

    Before it knows our options pytest takes a word that is no option for a path of tests, and seeks the project's ini
    file from there, too. In another project's there are no profiles of this one: every test would be skipped.
    """
    here, options = config.invocation_params.dir, config.option
    flags = {option.flag for option in OPTIONS if option.metavar is not None}
    words = map(str, config.invocation_params.args)
    paths = [(flag, path) for flag, path in pairwise(words) if flag in flags and os.path.exists(here / path)]
    if not paths or options.rootdir or options.inifilename:
        return
    try:
        # Not public: with a pytest that has another one, what this says in time is not said.
        from _pytest.config.findpaths import determine_setup

        root, file, *_ = determine_setup(
            inifile=None, override_ini=None, args=options.file_or_dir, rootdir_cmd_arg=None, invocation_dir=here
        )
    except (ImportError, TypeError):
        return
    if (root, file) != (config.rootpath, config.inipath):
        said = " and ".join(flag for flag, _ in paths)
        cure = " ".join(f"{flag}={path}" for flag, path in paths)
        raise pytest.UsageError(
            f"pytest took the path behind {said} for one of tests, and its rootdir is {str(config.rootpath)!r} instead "
            f"of {str(root)!r}; write {cure} in one word."
        )
