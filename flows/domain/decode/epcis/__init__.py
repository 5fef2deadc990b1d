"""GS1 EPCIS 2.0 (JSON, JSON-LD, XML; XML of 1.2): bytes → canonical events, or rejects.

`document` opens a message and hands out its events, `schema` holds them against the standard's
JSON schema, `keys` reads GS1 identifiers, `goods` counts them, `reading` says what an event means
for stock, `identity` which event it is, `xml` turns XML into the JSON structure.
The mapping is in SEMANTICS.md under EPCIS.
"""

from flows.domain.decode.epcis.document import decode, looks

__all__ = ["decode", "looks"]
