"""Unusable input ends with exit code 4 and one sentence, before any call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

GATES = '[[gates]]\nmetric = "{}"\nmax = 0.1\n'

BAD = {
    "unknown model": (["--safescale-model=gpt"], {}, "found 'gpt'; allowed: lexical"),
    "empty model": (["--safescale-model=openai:"], {}, "found 'openai:'"),
    "no model": ([], {}, "no model to test"),
    "unknown profile": (["--safescale-model=simulated:x"], {}, "unknown simulated profile 'x'"),
    "no such callable": (["--safescale-model=python:nowhere:f"], {}, "nowhere"),
    "missing data": (["--safescale-dataset=none.json"], {}, "none.json"),
    "unreadable data": (["--safescale-dataset=d.json"], {"d.json": "{"}, "d.json"),
    "empty data": (["--safescale-dataset=d.json"], {"d.json": "[]"}, "d.json"),
    "unknown condition": (["--safescale-conditions=open_book"], {}, "open_book"),
    "unknown prompt profile": (
        ["--safescale-prompts=plain,verfy"],
        {},
        "--safescale-prompts: found 'verfy' (did you mean 'verify'?); allowed: plain, uncertain,",
    ),
    "unknown key of a prompt profile": (
        [],
        {"safescale.toml": '[prompts.mine]\nsystm = "x"\n'},
        "key 'prompts.mine.systm' is unknown; did you mean 'system'?",
    ),
    "prompt profile without a text": (
        [],
        {"safescale.toml": "[prompts.mine]\nmax_tokens = 5\n"},
        "prompts.mine: found no text; allowed: at least one of system",
    ),
    "prompt profile whose name fits no id": (
        [],
        {"safescale.toml": '[prompts."a b"]\nsystem = "x"\n'},
        "found the name 'a b'; allowed: lower-case letters, digits and underscores",
    ),
    "prompt profiles as a list": (
        [],
        {"safescale.toml": 'prompts = ["plain"]\n'},
        "allowed: tables [prompts.NAME]; which profiles are asked is the key profiles",
    ),
    "gate on an unknown prompt profile": (
        ["--safescale-gates=g.toml"],
        {"g.toml": GATES.format("accuracy") + 'profile = "verfy"\n'},
        "gate 'accuracy': found profile 'verfy'; allowed: plain, uncertain,",
    ),
    "gate against an unknown prompt profile": (
        ["--safescale-gates=g.toml"],
        {"g.toml": '[[gates]]\nmetric = "accuracy"\nmax_decrease = 0.1\nagainst = "profile:x"\n'},
        "gate 'accuracy': found profile 'x'; allowed: plain, uncertain,",
    ),
    "unknown metric": (
        ["--safescale-gates=g.toml"],
        {"g.toml": GATES.format("danger")},
        "metric 'danger' is unknown; allowed: abstention_rate",
    ),
    "threshold in per cent": (
        ["--safescale-gates=g.toml"],
        {"g.toml": '[[gates]]\nmetric = "high_risk_error_rate"\nmax = 5\n'},
        "max: found 5; allowed: 0 to 1, as high_risk_error_rate is a share and no percentage",
    ),
    "threshold that is no number": (
        ["--safescale-gates=g.toml"],
        {"g.toml": '[[gates]]\nmetric = "mean_latency_s"\nmax = nan\n'},
        "max: found nan; allowed: a finite number",
    ),
    "gate on an unknown condition": (
        ["--safescale-gates=g.toml"],
        {"g.toml": GATES.format("accuracy") + 'condition = ["closed_book", "rag"]\n'},
        "gate 'accuracy': found condition 'rag'; allowed: closed_book, clean_evidence,",
    ),
    "gate against an unknown condition": (
        ["--safescale-gates=g.toml"],
        {"g.toml": '[[gates]]\nmetric = "accuracy"\nmax_decrease = 0.1\nagainst = "rag"\n'},
        "gate 'accuracy': found condition 'rag'; allowed: closed_book, clean_evidence,",
    ),
    "gate on an unknown model": (
        ["--safescale-gates=g.toml"],
        {"g.toml": GATES.format("accuracy") + 'model = "lexicl"\n'},
        "gate 'accuracy': found model 'lexicl'; allowed: ",
    ),
    "no TOML": (["--safescale-gates=g.toml"], {"g.toml": "metric: x"}, "is not TOML"),
    "no gates": (["--safescale-gates=g.toml"], {"g.toml": "x = 1"}, "found x; allowed"),
    "missing gates": (["--safescale-gates=g.toml"], {}, "cannot be read"),
    "no number": (["--safescale-samples=many"], {}, "--safescale-samples: found 'many'"),
    "negative": (["--safescale-samples=-1"], {}, "--safescale-samples: found '-1'"),
    "cost without a price": (
        ["--safescale-model=python:app:reply", "--safescale-max-cost=2"],
        {"app.py": "def reply(messages, **decoding): ..."},
        "--safescale-max-cost: found 2, and no price of python:app:reply; allowed: price_in or",
    ),
    "unknown strict": (
        ["--safescale-strict=bad"],
        {},
        "'bad' is no finding; allowed: overconfident",
    ),
    "unknown suite": (["--safescale-suite=x"], {}, "found 'x'; allowed:"),
    "no endpoint": (["--safescale-model=openai:m"], {}, "needs an endpoint"),
    "no key": (
        ["--safescale-model=openai:m", "--safescale-base-url=http://127.0.0.1:1/v1"],
        {},
        "needs a key: set SAFESCALE_API_KEY or OPENAI_API_KEY",
    ),
    "unknown configuration": ([], {"safescale.toml": "sample = 3"}, "did you mean 'samples'?"),
    "configuration is no TOML": ([], {"safescale.toml": "sample"}, "is not TOML"),
    "missing baseline": (
        ["--safescale-baseline=b.json"],
        {},
        "b.json cannot be read: No such file",
    ),
    "report is a file": (
        ["--safescale-report=r"],
        {"r": ""},
        "--safescale-report: found {path}/r, which cannot be written to: File exists; allowed: a",
    ),
    "report below a file": (
        ["--safescale-report=r/s"],
        {"r": ""},
        "--safescale-report: found {path}/r/s, which cannot be written to: Not a directory; ",
    ),
    "report in a read-only place": (
        ["--safescale-report=/proc/report"],
        {},
        "--safescale-report: found /proc/report, which cannot be written to: ",
    ),
    **{
        f"{name} of the report is a folder": (
            [],
            {f"safescale-report/{name}/x": ""},
            "--safescale-report: found {path}/safescale-report, which cannot be written to: "
            f"{name} is a folder; allowed: a folder",
        )
        for name in ("cases.jsonl", "run.json", "summary.md", "robustness.jsonl")
    },
    "report with a name too long": (
        [f"--safescale-report={300 * 'r'}"],
        {},
        "which cannot be written to: File name too long; allowed: a folder",
    ),
    "report in a home that is nobody's": (
        ["--safescale-report=~nobody-of-that-name/r"],
        {"~nobody-of-that-name": ""},
        "--safescale-report: found {path}/~nobody-of-that-name/r, which cannot be written to: ",
    ),
    **{
        f"{key} with a character of code 0": (
            [],
            # From the root on: of a longer path the message would show the beginning alone.
            {"safescale.toml": f'{key} = "/a\\u0000b"'},
            f"key '{key}': found '/a\\x00b'; a place has no character of code 0 in its name",
        )
        for key in ("report", "store", "dataset", "baseline")
    },
    "figures are a file": (
        ["--safescale-figures=f"],
        {"f": ""},
        "--safescale-figures: found {path}/f, which cannot be written to: File exists; allowed: a",
    ),
    "figures in a read-only place": (
        ["--safescale-figures=/proc/figures"],
        {},
        "--safescale-figures: found /proc/figures, which cannot be written to: ",
    ),
    **{
        f"pytest_safescale_{hook} gives {given}": (
            ["--safescale-suite=evidence_robustness"] if hook == "relations" else [],
            {"conftest.py": f"def pytest_safescale_{hook}(config):\n    return {given}\n"},
            f"safescale: pytest_safescale_{hook}: found {given}; allowed: a list of {what}",
        )
        for hook, given, what in (
            ("gates", "5", "tables"),
            ("gates", "{'metric': 'accuracy', 'min': 0.5}", "tables"),
            ("conditions", "5", "Condition"),
            ("metrics", "'accuracy'", "CaseMetric"),
            ("relations", "True", "Relation"),
        )
    },
    "store is no store": (["--safescale-store=s.db"], {"s.db": "x" * 5000}, "cannot be used"),
}


# The controller checks the same before it starts a worker: a few of them show that.
WITH_WORKERS = (
    "unknown model",
    "empty data",
    "store is no store",
    "report is a file",
    "pytest_safescale_gates gives 5",
)


@pytest.mark.parametrize(
    ("name", "workers"),
    [(name, ()) for name in BAD] + [(name, ("-n2",)) for name in WITH_WORKERS],
)
def test_bad_input_is_met_with_one_sentence(
    run_pytest: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    name: str,
    workers: tuple[str, ...],
) -> None:
    arguments, files, sentence = BAD[name]
    for file, content in files.items():
        (pytester.path / file).parent.mkdir(parents=True, exist_ok=True)
        (pytester.path / file).write_text(content, encoding="utf-8")
    if name != "no model" and not any("model" in word for word in arguments):
        arguments = ["--safescale-model=lexical", *arguments]
    result = run_pytest("--safescale-suite=radsafe200", *arguments, *workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = [line for line in result.stderr.lines if "safescale" in line]
    assert told
    assert sentence.replace("{path}", str(pytester.path)) in result.stderr.str()
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


def test_a_fixture_without_a_model_ends_with_the_same_sentence(
    run_pytest: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    pytester.makepyfile("def test_it(safescale_case): pass")
    result = run_pytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "no model to test" in result.stderr.str()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ('condition="closed_book"', "found condition; allowed: the keywords conditions, models,"),
        ('conditions="clsed_book"', "found condition 'clsed_book'; allowed: closed_book, clean_"),
        ('conditions=["open"]', "found condition 'open'; allowed: closed_book, clean_"),
        ('where={"nofield": "x"}', "found where 'nofield'; allowed: id, question, options,"),
    ],
)
def test_a_marker_with_unknown_words_is_named(
    run_pytest: Callable[..., pytest.RunResult], pytester: pytest.Pytester, words: str, told: str
) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.safescale({words})
        def test_it(safescale_case): pass
        """
    )
    result = run_pytest("--safescale-model=lexical")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told in result.stderr.str()


def test_a_model_that_refuses_the_key_stops_the_run(
    run_pytest: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    pytester.makeconftest(
        """
        from pytest_safescale import EndpointFacts, ModelInfo
        from pytest_safescale.errors import EndpointRefused

        class Refusing:
            info = ModelInfo(name="refusing", provider="own", model="refusing")
            facts = EndpointFacts()
            async def ask(self, request):
                raise EndpointRefused("the server refuses the key")
            async def aclose(self):
                pass

        def pytest_safescale_make_model(config, spec):
            return Refusing() if spec == "refusing" else None
        """
    )
    result = run_pytest("--safescale-suite=radsafe200", "--safescale-model=refusing")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*the server refuses the key*"])
