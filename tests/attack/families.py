"""All families of attacks; one more is a module of its own and a line here."""

from tests.attack import files, names, sites, strangers
from tests.attack.frame import Family

FAMILIES: tuple[Family, ...] = (sites.FAMILY, names.FAMILY, files.FAMILY, strangers.FAMILY)
