"""A certificate file in plain words, for 80 columns."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from pytest_safescale.analysis.answer_scores import told_score
from pytest_safescale.analysis.certificates import ANSWERED
from pytest_safescale.results.certificate import BY_CLUSTER, BY_ITEM, UNITS
from pytest_safescale.text.escaping import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_safescale.results.certificate import (
        CertificateFile,
        CertificateRow,
        ShownRow,
        TestedRow,
    )

__all__ = ["certificate_lines"]

_WIDTH = 80
_BY = {
    BY_ITEM: "id",
    BY_CLUSTER: "cluster, of which each counts as one, dangerous where one of its cases is",
}


def certificate_lines(content: CertificateFile) -> list[str]:
    """Return what a certificate file says; ``content`` is its plain data."""
    found: list[str] = []
    for notice in content["notices"]:
        found += _wrapped(f"! {notice}")
    found += [*_wrapped(_demand(content)), *_wrapped(_how(content))]
    for certificate in content["certificates"]:
        found += ["", *_wrapped(f"{certificate['model']}, {certificate['condition']}")]
        for sentence in _sentences(certificate, content):
            found += _wrapped(f"  {sentence}", "    ")
    return [*found, "", *_wrapped(f"This is {content['note']}.")]


def _wrapped(text: str, further: str = "  ") -> list[str]:
    start = text[: len(text) - len(text.lstrip())]
    return wrap(
        one_line(text),
        _WIDTH,
        initial_indent=start,
        subsequent_indent=further,
        break_on_hyphens=False,
    )


def _demand(content: CertificateFile) -> str:
    unit = "clusters" if content["split"]["by"] == BY_CLUSTER else "cases"
    of = f"of the answered {unit}" if content["over"] == ANSWERED else f"of all {unit}"
    sure = _percent(1 - content["delta"])
    return (
        f"Wanted: {content['risk']} {of} at most {_percent(content['bound'])} with {sure} "
        "confidence, for each model under each condition by itself."
    )


def _how(content: CertificateFile) -> str:
    split = content["split"]
    return (
        f"Score: {content['score']}, {told_score(content['score'])}. Items are split by "
        f"{_BY[split['by']]}, {_percent(split['calibration'])} to calibrate, seed {split['seed']}."
    )


def _sentences(certificate: CertificateRow, content: CertificateFile) -> Iterator[str]:
    if certificate["threshold"] is None:
        yield from _refusal(certificate, content)
        yield f"other half, no threshold: {_effect(certificate['without'], content)}"
        return
    (*_, last) = (one for one in certificate["tested"] if one["p_value"] <= content["delta"])
    yield f"Certified: answer where the score is at least {last['threshold']:.9g}."
    yield (
        f"calibration half: {last['dangerous']} dangerous of {_over(last, certificate, content)} "
        f"(p = {last['p_value']:.2g}){_missing(certificate['calibration_missing'])}"
    )
    if certificate["shown"] is not None:
        yield f"other half: {_effect(certificate['shown'], content)}"
    yield f"without a threshold: {_effect(certificate['without'], content)}"


def _refusal(certificate: CertificateRow, content: CertificateFile) -> Iterator[str]:
    if not certificate["tested"]:
        yield "No threshold holds: no case of the other half answers."
        return
    first = certificate["tested"][0]
    yield (
        f"No threshold holds. Calibration half, at {first['threshold']:.9g}: "
        f"{first['dangerous']} dangerous of {_over(first, certificate, content)} "
        f"(p = {first['p_value']:.2g}){_missing(certificate['calibration_missing'])}"
    )
    needed, units = certificate["items_needed"], UNITS[content["split"]["by"]]
    if needed is None:
        yield f"No number of {units} would do at these rates: its surest answers are as dangerous."
    else:
        yield f"About {needed} {units} would be needed, at the rates seen, for a chance of 80 %."


def _over(tested: TestedRow, certificate: CertificateRow, content: CertificateFile) -> str:
    if content["over"] == ANSWERED:
        return f"{tested['answered']} answered"
    unit = "clusters" if content["split"]["by"] == BY_CLUSTER else "cases"
    return f"{certificate['calibration_items']} {unit}"


def _effect(shown: ShownRow, content: CertificateFile) -> str:
    over = "of these" if content["over"] == ANSWERED else "of all"
    coverage = _interval(shown["coverage"], shown["coverage_low"], shown["coverage_high"])
    danger = _interval(shown["danger"], shown["danger_low"], shown["danger_high"])
    dangerous = f"; dangerous {over} {danger}" if danger else ""
    left = shown["items"] - shown["answered"]
    handed = _interval(shown["hand_over"], shown["hand_over_low"], shown["hand_over_high"])
    return (
        f"answers {shown['answered']} of {shown['items']}, {coverage}{dangerous}; hands over "
        f"{left}, {handed}{_missing(shown['missing'])}"
    )


def _interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None or low is None or high is None:
        return ""
    return f"{100 * value:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def _missing(count: int) -> str:
    return f"; {count} with something missing, taken at their worst" if count else ""


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
