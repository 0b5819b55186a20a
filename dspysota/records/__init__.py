"""The frozen values that cross every boundary, JSON in and JSON out.

Data makes five hops and never goes back: Task -> Program -> Case -> Run -> (verdict | store -> report).
Times are seconds, money is US dollars, scores are in [0, 1], token counts are those of the server.
"""

from dspysota.records.base import SCHEMA, Provenance, Record, Usage
from dspysota.records.cases import ERRORS, Answer, Call, Case, Example, Failure, Message
from dspysota.records.compiling import Budget, CompileInfo, Phase
from dspysota.records.runs import DataInfo, ModelInfo, Run, RunInfo
from dspysota.records.versus import Costs, Policy, Published, ReferenceCell, Versus
from dspysota.records.watching import Watch

__all__ = [
    "ERRORS",
    "SCHEMA",
    "Answer",
    "Budget",
    "Call",
    "Case",
    "CompileInfo",
    "Costs",
    "DataInfo",
    "Example",
    "Failure",
    "Message",
    "ModelInfo",
    "Phase",
    "Policy",
    "Provenance",
    "Published",
    "Record",
    "ReferenceCell",
    "Run",
    "RunInfo",
    "Usage",
    "Versus",
    "Watch",
]
