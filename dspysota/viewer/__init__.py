"""The reports of a folder in the browser: an index of all runs, how scores went, and the files of each run.

Served on the loopback interface alone, to whoever has the key in the printed address. Pages are made of the folders
when they are asked for, need no JavaScript, and load nothing.
"""

from dspysota.viewer.server import Viewer

__all__ = ["Viewer"]
