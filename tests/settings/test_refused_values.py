"""What a refused value is told as: where, what was found, what is allowed, in words of ours."""

from __future__ import annotations

import re
import sys

import pytest

from pytest_safescale.errors import SettingsError
from pytest_safescale.settings.resolve import resolve_settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REFUSED = {
    'samples = "many"': "key 'samples': found 'many'; allowed: a whole number",
    "samples = 1.5": "key 'samples': found '1.5'; allowed: a whole number",
    "samples = -1": "key 'samples': found '-1'; allowed: 0 or more",
    "samples = 5000": "key 'samples': found '5000'; allowed: 1000 or less",
    "retry_seconds = 0": "key 'retry_seconds': found '0'; allowed: more than 0",
    'retry_seconds = "soon"': "key 'retry_seconds': found 'soon'; allowed: a number",
    "seed = 4294967296": "key 'seed': found '4294967296'; allowed: less than 4294967296",
    "model = 3": "key 'model': found '3'; allowed: a list",
    'fresh = "maybe"': "key 'fresh': found 'maybe'; allowed: true or false",
    'family_wise = "bonferroni"': "found 'bonferroni'; allowed: 'none' or 'holm'",
    'strict = "deadly"': "'deadly' is no finding; allowed: overconfident",
    "gates = 3": "key 'gates': found '3'; allowed: a file, default, none, or tables [[gates]]",
    'gates = ["a"]': "allowed: a file, default, none, or tables [[gates]]",
    "models = 3": "key 'models': found '3'; allowed: a table",
    "models.a = 3": "key 'models.a': found '3'; allowed: a table",
    'models.a.model = "m"': (
        "key 'models.a.provider' is missing; allowed: openai, python, lexical, simulated, layered"
    ),
    'models.a = {provider = "azure"}': "key 'models.a.provider': found 'azure'; allowed: 'openai'",
    'models.a = {provider = "openai", model = 3}': "found '3'; allowed: a text",
    'models.a = {provider = "openai", context_tokens = 8}': "found '8'; allowed: 512 or more",
    'ensembles = "a"': "key 'ensembles': found 'a'; allowed: a list",
    'ensembles = [{name = "", models = ["a"]}]': "found ''; allowed: a text of 1 or more character",
    'ensembles = [{name = "e", models = ["a"]}]': "allowed: a list of 3 or more",
    'severity = {high_risk = "x"}': "key 'severity.high_risk': found 'x'; allowed: a number",
    "store = 3": "key 'store': found '3'; allowed: a path",
    "smaples = 3": "configuration key 'smaples' is unknown; did you mean 'samples'?",
}
LIBRARY = re.compile(
    r"Input should|valid (integer|string|dictionary|tuple)|Field required|pydantic"
)


@pytest.mark.parametrize("text", REFUSED)
def test_a_refused_value_is_told_in_our_own_words(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        resolve_settings({}, tomllib.loads(text))
    assert REFUSED[text] in str(refused.value)
    assert not LIBRARY.search(str(refused.value))
