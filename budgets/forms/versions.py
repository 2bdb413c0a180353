"""Which days of a budget's history to look at."""

from __future__ import annotations

from django import forms

from foi_portal.ui.forms import DateField


class VersionForm(forms.Form):
    pr = DateField(label="Sådan stod budgettet", required=False)
    sammenlign = DateField(label="Sammenlign med", required=False)


__all__ = ["VersionForm"]
