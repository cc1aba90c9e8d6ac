"""One file for each FHIR interaction or operation, in FHIR's words (FHIR R4 §3.1.0).

Each does only what is its own and then takes ``hub.write_path.write`` or ``hub.read_path.read``.
"""
