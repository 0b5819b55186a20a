"""The frozen values that cross every boundary, JSON in and JSON out.

Data makes five hops and never goes back: Task -> Program -> Case -> Run -> (verdict | store -> report).
Times are seconds, money is US dollars, scores are in [0, 1], token counts are those of the server.
"""

from dspysota.records.base import SCHEMA, Provenance, Record, Usage
from dspysota.records.cases import ERRORS, Answer, Call, Case, Example, Failure, Message
from dspysota.records.compiling import Budget, CompileInfo, Phase, Training
from dspysota.records.prices import UNITS, Amounts, Basis, Prices, TeacherPrices, TokenPrice, amount
from dspysota.records.runs import DataInfo, ModelInfo, Role, Run, RunInfo
from dspysota.records.serving import ServerCounts, Timed
from dspysota.records.versus import Costs, Policy, Published, ReferenceCell, Versus
from dspysota.records.watching import Watch

__all__ = [
    "ERRORS",
    "SCHEMA",
    "UNITS",
    "Amounts",
    "Answer",
    "Basis",
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
    "Prices",
    "Provenance",
    "Published",
    "Record",
    "ReferenceCell",
    "Role",
    "Run",
    "RunInfo",
    "ServerCounts",
    "TeacherPrices",
    "Timed",
    "TokenPrice",
    "Training",
    "Usage",
    "Versus",
    "Watch",
    "amount",
]
