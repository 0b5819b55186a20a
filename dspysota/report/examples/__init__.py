"""The cases of a report: a bounded sample as plain HTML, and all of them as compressed data that a script unpacks.

A report of 20,000 cases would be a page of 70 MB that no browser likes. So the page itself holds a few cases of each
run, and the rest lies in it as blocks of deflated JSON in base64, which cost nothing until somebody looks.
"""

from dspysota.report.examples.beside import references
from dspysota.report.examples.data import Data, of_report
from dspysota.report.examples.kinds import KINDS, kind_of
from dspysota.report.examples.sample import sampled

__all__ = ["KINDS", "Data", "kind_of", "of_report", "references", "sampled"]
