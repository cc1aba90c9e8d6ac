"""The JSON edge: FHIR, ingest, feed, health.  Only here, in hub/web and in hub/oauth is the web framework known."""
