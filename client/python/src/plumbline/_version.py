"""The version of this package; the same as that of the programs (CMakeLists.txt)."""

__version__ = "0.1.0"
