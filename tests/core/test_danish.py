"""Danish order and search, the same on both databases."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, FloatField, Func, Value
from django.db.models.functions import Lower, Upper

from foi_portal.core import danish
from registry.models import Organisation
from tests import factories

# In the order of ICU's da-DK, as PostgreSQL sorts them: see test_postgresql_has_the_same_order.
IN_ORDER = """-1|"Cura"|(Cura)|0|10|2|A|a|AB|Ab|ab|Ås og|B|co op|co-op|coop|D|d|đ|E|e|É|é|Resume|resume|resumé|résumé
|TH|Th|þ|Y|y|ü|Z|z|Æ|æ|Ä|ä|Ø|ø|Ö|ö|Å|AA|Aa|å|aa|Aabenraa|Ålborg|Aalborg|ålborg|aalborg|Århus"""
TRICKY = [name for name in IN_ORDER.replace("\n", "").split("|") if name != "Ås og"]
# Kept apart: a random sample finds what nobody thought of.
SIGNS = list("aaaaAAåÅæÆøØäÄöÖüÜyYzZeéÉE -_.,&/()0129dDđðþThtœoOßsS·→'…½²")


def test_the_danish_alphabet():
    assert sorted(random.Random(1).sample(TRICKY, len(TRICKY)), key=danish.sort_key) == TRICKY


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["Zealand", "Ærø", "Ølstykke", "Åben"], "æ ø å end the alphabet"),
        (["Azure", "Borger", "Østerbro", "Aalborg", "Århus"], "a double a is an å"),
        (["MitID", "NemID", "nemid", "NemLog-in"], "case decides last, upper case first"),
        (["Bank", "Myller", "Müller", "Mz"], "ü is a y"),
    ],
)
@pytest.mark.django_db
def test_the_database_sorts_as_danes_do(names, why):
    for name in random.Random(1).sample(names, len(names)):
        factories.organisation(name=name)
    assert list(Organisation.objects.order_by("name").values_list("name", flat=True)) == names, why


@pytest.mark.postgres
@pytest.mark.django_db
def test_postgresql_has_the_same_order():
    pick = random.Random(2026)
    names = TRICKY + ["".join(pick.choices(SIGNS, k=pick.randint(1, 6))) for _ in range(1500)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM unnest(%s::text[]) name ORDER BY name COLLATE danish", [names])
        assert [name for (name,) in cursor.fetchall()] == sorted(names, key=danish.sort_key)


@pytest.mark.django_db
def test_search_ignores_case_over_the_whole_alphabet():
    factories.organisation(code="ÆRØ", name="Ærø Kommunes Ældreområde")
    for lookup, words in {
        "name__icontains": "ÆLDREOMRÅDE",
        "name__iexact": "ærø kommunes ÆLDREområde",
        "name__istartswith": "æRØ",
        "name__iendswith": "OMRÅDE",
        "code": "ærø",
    }.items():
        assert Organisation.objects.filter(**{lookup: words}).count() == 1, lookup
    assert not Organisation.objects.filter(name__icontains="aero").exists()
    both: Any = Organisation.objects.annotate(up=Upper("name"), low=Lower("name")).get()
    assert (both.up, both.low) == ("ÆRØ KOMMUNES ÆLDREOMRÅDE", "ærø kommunes ældreområde")


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["100 %", "A_B", "A\\B", "(x.*", "AB"])
def test_signs_with_a_meaning_in_patterns_are_only_signs(part):
    factories.organisation(name=f"før {part.upper()} efter")
    factories.organisation(name="før 100 kr AxB A/B efter")
    assert Organisation.objects.filter(name__icontains=part.lower()).count() == 1
    assert Organisation.objects.filter(name__istartswith=f"FØR {part}").count() == 1


@pytest.mark.parametrize(
    ("value", "pattern", "answer"),
    [
        ("Ærø", "æ%", True),
        ("Ærø", "%Ø", True),
        ("Ærø", "_R_", True),
        ("Ærø", "%r%ø%", True),
        ("Ærø", "r", False),
        ("Ærø\nStår", "ærø%stÅR", True),
        ("", "%", True),
        ("", "%%", True),
        (12, "1%", True),
        (None, "%", None),
        ("a", None, None),
    ],
)
def test_like(value, pattern, answer):
    assert danish.like(pattern, value) is answer


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "text", "similarity"),
    [
        ("word", "two words", 0.8),
        ("nemid", "NemID og MitID", 1.0),
        ("støtesystemer", "Støttesystemerne (STS)", 0.75),
        ("æblegrød", "rødgrød", 1 / 3),
        ("cura", "MedCom", 0.0),
        ("", "tom", 0.0),
    ],
)
def test_word_similarity_is_pg_trgms(typed, text, similarity):
    factories.organisation(name=text)
    score = Func(Value(typed), F("name"), function="word_similarity", output_field=FloatField())
    row: Any = Organisation.objects.annotate(score=score).get()
    found = row.score
    assert found == pytest.approx(danish.word_similarity(typed, text), abs=1e-6)
    assert found == pytest.approx(similarity, abs=1e-6)
