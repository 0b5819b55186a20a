"""Somebody who trains, for tests of what is made of it."""

import shutil

from dspysota.errors import ProgramError
from dspysota.models.weights import mark_trained
from dspysota.records import Training
from tests.approaches.optimizing import Killed


class Pupil:
    """Trains nothing: writes the lesson as if it were weights, and notes what was asked of it."""

    def __init__(self, *, missing=None, ends=None, dies=False, varies=False):
        self.lessons = []
        self.seconds = []
        self.missing = missing
        self.ends = ends
        self.dies = dies
        self.varies = varies

    def check(self):
        if self.missing:
            raise ProgramError(self.missing)

    def train(self, lesson, folder, *, left, say):
        if self.dies:
            raise Killed
        seconds = left()
        self.lessons.append(lesson)
        self.seconds.append(seconds)
        say("Training: step 1 of 1, loss 1.000")
        made = folder("new")
        made.mkdir(parents=True)
        (made / "model.safetensors").write_text(f"{lesson} {len(self.lessons) if self.varies else ''}")
        digest = mark_trained(made, "small", origin="b" * 64, described="made up")
        shutil.rmtree(folder(digest), ignore_errors=True)
        made.rename(folder(digest))
        return Training(
            digest=digest,
            base="b" * 64,
            by="nothing at all",
            examples=len(lesson.conversations),
            tokens=100,
            losses=(1.5, 0.5),
            seconds=2.0,
            ended_early=seconds is not None and self.ends is not None and seconds <= self.ends,
        )
