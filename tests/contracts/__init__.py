"""Contracts: one class, run against every backend or engine."""

import pytest

pytest.register_assert_rewrite("tests.contracts.search_answers", "tests.contracts.search_contract")
