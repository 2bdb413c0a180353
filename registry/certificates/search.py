"""Finding certificates among the answers of /soeg/: by name, holder, serial number and fingerprint."""

from __future__ import annotations

from django.utils import timezone
from django.utils.safestring import SafeString

from foi_portal.ui import formats
from registry import search
from registry.models import Certificate
from registry.ranking import Query, highlight, snippet
from registry.search import Result, Source

QUIET = "Gyldigt"


def connect() -> None:
    names = ("serial", "name", "subject", "sha256")
    search.register(Source("certificate", "Certifikater", Certificate, names, _results, similar=False))


def _results(keys: list[int], query: Query) -> dict[int, Result]:
    on = timezone.localdate()
    made: dict[int, Result] = {}
    for row in Certificate.objects.filter(pk__in=keys):
        standing = row.standing(on)
        badge = "" if standing == QUIET else standing
        result = Result(
            kind="certificate",
            kind_label=row.get_kind_display(),
            url=row.get_absolute_url(),
            code=SafeString(),
            name=highlight(row.name, query),
            text=snippet(row.subject, query),
            badge="Arkiveret" if row.is_archived else badge,
        )
        facts = [("Miljø", row.get_environment_display()), ("Udløber", formats.plain(row.valid_to))]
        for label, digits in (("Serienummer", row.serial), ("Fingeraftryk", row.sha256 or "")):
            if any(word.casefold() in digits for word in query.words):  # else they are only in the way
                facts.append((label, digits))
        result.facts += [(label, highlight(text, query)) for label, text in facts if text]
        made[row.pk] = result
    return made


__all__ = ["connect"]
