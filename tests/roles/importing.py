"""A small landscape with a catalogue, and the files that put people in its seats."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from registry.importing import SourceFile
from tests.registry.importing import csv, small

DEMO = Path(settings.BASE_DIR) / "roles" / "demo"

ROLES = (
    "code,name_da,level,description_da,scope,min_holders,deputy_required,source,version,phase,verified\n"
    "INFRAANSV,Infrastrukturansvarlig,tactical,Ansvar,SP,1,yes,kombit.dk,1.4,operations,name\n"
    "SYSTEMANSV,Systemansvarlig,tactical,,,1,no,kombit.dk,1.4,both,unverified\n"
)
PEOPLE = (
    "name,email,phone,title,unit_code,active_from,active_to,username\n"
    "Karin Toft,karin@example.org,66130001,Konsulent,OK,2019-03-01,,karin\n"
    "Jonas Birk,JONAS@example.org,,,OK,,,\n"
    "Niels Holm,niels@example.org,,,,,2025-01-01,\n"
)
ASSIGNMENTS = (
    "role_code,person_email,scope_code,part,since,until,note,why_here\n"
    "infraansv,karin@example.org,SP,holder,01-01-2024,,Se mappen,\n"
    "INFRAANSV,jonas@example.org,sp,Stedfortræder,2024-01-01,2027-01-01,,\n"
    "SYSTEMANSV,Karin@example.org,CURA,holder,2024,,,\n"
    "SYSTEMANSV,jonas@example.org,,holder,2024,,,Hele kommunens fælles systemer\n"
    "SYSTEMANSV,jonas@example.org,OK,holder,2024,,,Kommunens egne\n"
)


def files(**changed: str) -> list[SourceFile]:
    """All seven, some replaced: ``files(people="name,email\\n…")``; an empty one is left out."""
    return small(**{"roles": ROLES, "people": PEOPLE, "assignments": ASSIGNMENTS, **changed})


def only(**content: str) -> list[SourceFile]:
    return [csv(name, text) for name, text in content.items()]
