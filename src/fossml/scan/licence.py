"""Which licence a text is, by the phrases that only it has; SPDX identifiers."""

from __future__ import annotations

import re

_PHRASES: tuple[tuple[str, str], ...] = (
    ("GNU AFFERO GENERAL PUBLIC LICENSE Version 3", "AGPL-3.0"),
    ("GNU LESSER GENERAL PUBLIC LICENSE Version 3", "LGPL-3.0"),
    ("GNU LESSER GENERAL PUBLIC LICENSE Version 2.1", "LGPL-2.1"),
    ("GNU GENERAL PUBLIC LICENSE Version 3", "GPL-3.0"),
    ("GNU GENERAL PUBLIC LICENSE Version 2", "GPL-2.0"),
    ("Apache License Version 2.0", "Apache-2.0"),
    ("Licensed under the Apache License, Version 2.0", "Apache-2.0"),
    ("Mozilla Public License Version 2.0", "MPL-2.0"),
    ("Mozilla Public License, version 2.0", "MPL-2.0"),
    ("Eclipse Public License - v 2.0", "EPL-2.0"),
    ("Boost Software License - Version 1.0", "BSL-1.0"),
    ("EUROPEAN UNION PUBLIC LICENCE v. 1.2", "EUPL-1.2"),
    ("This is free and unencumbered software released into the public domain", "Unlicense"),
    ("CC0 1.0 Universal", "CC0-1.0"),
    ("Attribution-NonCommercial-ShareAlike 4.0 International", "CC-BY-NC-SA-4.0"),
    ("Attribution-NonCommercial-NoDerivatives 4.0 International", "CC-BY-NC-ND-4.0"),
    ("Attribution-NonCommercial 4.0 International", "CC-BY-NC-4.0"),
    ("Attribution-ShareAlike 4.0 International", "CC-BY-SA-4.0"),
    ("Attribution 4.0 International", "CC-BY-4.0"),
    ("Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee", "ISC"),
    ("Permission to use, copy, modify, and distribute this software for any purpose with or without fee", "ISC"),
)
_NAMES = re.compile(
    r"\b(MIT|Apache(?: License)?,? ?(?:v(?:ersion)? ?)?2(?:\.0)?|Apache-2\.0"
    r"|BSD(?:-[23]-Clause)?|[AL]?GPL-?(?:v?[23](?:\.\d)?)"
    r"|MPL-2\.0|CC0(?:-1\.0)?|CC[ -]BY(?:-\w+)*[ -]4\.0|Unlicense|ISC)\b"
)


def recognise(text: str) -> str | None:
    """The SPDX identifier of a licence's text, None where the text is no licence that is known here."""
    flat = re.sub(r"[\s*]+", " ", text)
    lower = flat.lower()
    for phrase, name in _PHRASES:
        if phrase.lower() in lower:
            return name
    if "permission is hereby granted, free of charge, to any person obtaining a copy" in lower:
        return "MIT" if "above copyright notice" in lower else "MIT-0"
    if "redistribution and use in source and binary forms" in lower:
        return (
            "BSD-3-Clause"
            if re.search(r"neither the names? ?(?:of|nor)|may not be used to endorse", lower)
            else "BSD-2-Clause"
        )
    return None


def named(text: str) -> str | None:
    """The licence that a sentence names."""
    match = _NAMES.search(text)
    return match[1] if match else None
