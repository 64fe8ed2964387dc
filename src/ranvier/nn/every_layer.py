"""Every layer of the library: importing this module imports them all.

Model files name layers by their classes; those of rooms that are imported when they are first asked
for are known from here on.
"""

from __future__ import annotations

from .. import nn

for _name in nn.__all__:
    getattr(nn, _name)
