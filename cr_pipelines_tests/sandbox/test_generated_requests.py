"""Requests that schemathesis generates from the sandbox's own OpenAPI document: valid ones, and ones that are not.

Goes in: the document, operation by operation. Comes out: whether every response is one that the document describes
(status, content type, headers, body), whether a valid request is taken, and whether one that the document forbids is
refused.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as openapi

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sandbox.http.openapi import description

EXAMPLES = 8
CHECKS = [
    checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
    openapi.negative_data_rejection,
]
DOCUMENT = schemathesis.openapi.from_dict(description("http://127.0.0.1"))
OPERATIONS = {operation.label: operation for operation in (found.ok() for found in DOCUMENT.get_all_operations())}
# What takes nothing cannot be sent wrongly.
MODES = [
    (label, mode)
    for label, operation in OPERATIONS.items()
    for mode in GenerationMode
    if mode.is_positive or operation.body or operation.query or operation.path_parameters
]


@pytest.fixture(scope="module")
def served() -> Iterator[SandboxServer]:
    with SandboxServer() as sandbox:
        yield sandbox


@pytest.mark.parametrize(("label", "mode"), MODES)
def test_every_response_is_as_described(served: SandboxServer, label: str, mode: GenerationMode) -> None:
    is_control = " /_sandbox/" in label
    address: dict[str, Any] = {"base_url": served.url if is_control else served.base_url}
    token = {"Authorization": f"Bearer {served.token}"}
    served.control.reset()

    @settings(max_examples=EXAMPLES, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=cases(label, mode))
    def exchange(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=token, checks=CHECKS, **address)
        if is_control:
            served.control.reset()

    exchange()


def cases(label: str, mode: GenerationMode) -> st.SearchStrategy[schemathesis.Case]:
    return OPERATIONS[label].as_strategy(generation_mode=mode)
