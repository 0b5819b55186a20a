"""The report's charts: numbers in, Vega specifications and inline SVG out.

A chart is a `Figure`: a title, a text alternative, a table of the numbers that it shows, and one or two drawings, the
second for narrow screens. Vega draws when the report is written; what it draws is let into the page element by element
(`svg`), so that the page's own style sheet decides every colour and font, and its policy has nothing to forbid.
"""

from dspysota.report.charts.figure import Figure, Head, Line

__all__ = ["Figure", "Head", "Line"]
