"""Which licences are open: anyone may use, study, change and pass on what they cover."""

from __future__ import annotations

import re

_LISTED = """
0BSD AFL-3.0 AGPL-3.0 Apache-1.1 Apache-2.0 Artistic-2.0 BSD-2-Clause BSD-3-Clause BSL-1.0 C-UDA-1.0 CC-PDDC CC0-1.0
CECILL-2.1 ECL-2.0 EPL-1.0 EPL-2.0 EUPL-1.1 EUPL-1.2 FreeBSD-DOC GFDL-1.3 GPL-2.0 GPL-3.0 ISC LGPL-2.1 LGPL-3.0
LPPL-1.3c MIT MIT-0 MPL-1.1 MPL-2.0 MS-PL MulanPSL-2.0 NCSA OFL-1.1 OpenMDW-1.0 OSL-3.0 PSF-2.0 Python-2.0 UPL-1.0
Unlicense WTFPL W3C Zlib
"""
_OPEN = frozenset(_LISTED.split())
_FAMILIES = re.compile(r"(CC-BY|CC-BY-SA)-\d\.\d(-[A-Z]+)?|OGL-[\w.-]+|(ODC-By|ODbL|PDDL)-\d\.\d|CDLA-\w+-\d\.\d")


def is_open(identifier: str) -> bool:
    """True for the SPDX identifier of an open licence; False for one that forbids something, or is not known here."""
    bare = re.sub(r"-(only|or-later)$", "", identifier)
    return bare in _OPEN or _FAMILIES.fullmatch(bare) is not None


def identifier(name: str) -> str:
    """The SPDX identifier of a licence as people write it: `CC BY 4.0` is CC-BY-4.0."""
    flat = re.sub(r"\s+", "-", name.strip())
    if re.fullmatch(r"Apache.*2(\.0)?", flat):
        return "Apache-2.0"
    if found := re.fullmatch(r"([AL]?GPL)-?v?([23])(\.\d)?", flat):
        return f"{found[1]}-{found[2]}{found[3] or '.0'}"
    return {"CC0": "CC0-1.0", "BSD": "BSD-3-Clause"}.get(flat, flat)
