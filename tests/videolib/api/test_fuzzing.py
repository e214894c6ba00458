"""schemathesis over the OpenAPI document, on the real WSGI application and a filled library.

Whatever is sent, fitting or not: no 5xx, and every answer one that the document promises, in the form it promises.
A few requests an operation and caller; `make test-long` sends many more.
"""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.videolib.stocked_library import Library
from videolib.api.views import api
from videolib.wsgi import application

pytestmark = pytest.mark.django_db

# `positive_data_acceptance` is left out: stars for a clip that does not play yet fit the document, and are refused.
PROMISES = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
DOCUMENT = schemathesis.openapi.from_dict(api.get_openapi_schema())
DOCUMENT.app = application
OPERATIONS = {found.ok().label: found.ok() for found in DOCUMENT.get_all_operations()}
CALLERS = ("admin", "contributor", "signed-out")
FEW, MANY = 8, 400


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("label", OPERATIONS)
def test_an_operation_keeps_its_promises(label: str, caller: str, library: Library) -> None:
    fuzz(label, caller, library, examples=FEW)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("label", OPERATIONS)
def test_an_operation_keeps_its_promises_for_long(label: str, caller: str, library: Library) -> None:
    fuzz(label, caller, library, examples=MANY)


def fuzz(label: str, caller: str, library: Library, *, examples: int) -> None:
    """So many requests that fit the document, and as many that do not; of what is there and of what is not."""
    headers = {"Authorization": f"Bearer {library.tokens[caller]}"} if caller in library.tokens else {}
    there = {
        "code": st.sampled_from([str(clip.code) for clip in library.clips.values()]),
        "name": st.sampled_from(["git", "no such tag"]),
        "text": st.sampled_from(["Grafana", "no such name"]),
    }
    operation = OPERATIONS[label]
    named = [parameter.name for parameter in operation.path_parameters]

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=examples == FEW,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def send(data: st.DataObject) -> None:
        mode = data.draw(st.sampled_from(GenerationMode))
        case = data.draw(operation.as_strategy(mode))
        promises = PROMISES
        if named and data.draw(st.booleans()):
            case.path_parameters |= {name: data.draw(there[name]) for name in named}
            # What was wrong about the request may have been what has just been put right.
            promises = [promise for promise in PROMISES if promise is not negative_data_rejection]
        case.validate_response(case.call(headers=headers), checks=promises, headers=headers)

    send()
