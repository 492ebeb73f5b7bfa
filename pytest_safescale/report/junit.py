"""The gates as JUnit XML, for runs that no pytest session reports."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from pytest_safescale.gates.result import Decision
from pytest_safescale.text.escaping import xml_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.results.conclusion import Conclusion

__all__ = ["write_junit"]


_OF_A_RUN = {("safescale", "run[answered]"), ("safescale", "run[verdict]")}


def write_junit(
    path: Path,
    conclusion: Conclusion,
    unanswered: str | None = None,
    *,
    shards: Sequence[Path] = (),
) -> None:
    """Write a test case for each gate, as pytest does; ``unanswered`` fails a further one.

    ``shards`` are pytest's own files of the shards of the run, whose tests come first.
    """
    cases = [*_tests_of(shards), *(_case(gate) for gate in conclusion.gates)]
    if unanswered is not None:
        cases.append(_failed(_testcase("run[answered]"), unanswered))
    if why := conclusion.reservations:
        cases.append(_failed(_testcase("run[verdict]"), f"not a verdict: {'; '.join(why)}"))
    counts = {
        name: sum(case.find(tag) is not None for case in cases)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))
    }
    attributes = {"name": "safescale", "tests": str(len(cases))}
    suite = ET.Element("testsuite", attributes | {name: str(n) for name, n in counts.items()})
    suite.extend(cases)
    suites = ET.Element("testsuites")
    suites.append(suite)
    path.parent.mkdir(parents=True, exist_ok=True)
    ET.ElementTree(suites).write(path, encoding="utf-8", xml_declaration=True)


def _tests_of(shards: Sequence[Path]) -> list[ET.Element]:
    """Return the tests of shards, each once: a failed one, else the first.

    What a shard says of itself as a run is told anew of the whole.
    """
    found: dict[tuple[str | None, str | None], ET.Element] = {}
    for path in shards:
        tree = ET.parse(path)  # noqa: S314 (pytest wrote it for this run)
        for case in tree.iter("testcase"):
            name = case.get("classname"), case.get("name")
            if name in _OF_A_RUN:
                continue
            if name not in found or (_has_failed(case) and not _has_failed(found[name])):
                found[name] = case
    return list(found.values())


def _has_failed(case: ET.Element) -> bool:
    return case.find("failure") is not None or case.find("error") is not None


def _testcase(name: str) -> ET.Element:
    return ET.Element("testcase", {"classname": "safescale", "name": xml_text(name), "time": "0"})


def _failed(case: ET.Element, message: str) -> ET.Element:
    failure = ET.SubElement(case, "failure", {"message": xml_text(message)})
    failure.text = xml_text(message)
    return case


def _case(gate: GateResult) -> ET.Element:
    case, told = _testcase(f"gate[{gate.id}]"), f"{gate.decision.value}: {gate.sentence}"
    if gate.blocks:
        return _failed(case, told)
    if gate.decision is Decision.INCONCLUSIVE:
        ET.SubElement(case, "skipped", {"message": xml_text(told)})
    return case
