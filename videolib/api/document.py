"""The OpenAPI document as rows a page can show: pure."""

from __future__ import annotations

from typing import Any


def operations_of(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Every operation in the order of the document, with the fields of its body spelled out."""
    return [
        {"method": method.upper(), "path": path, **operation, "body": _body(schema, operation)}
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]


def _body(schema: dict[str, Any], operation: dict[str, Any]) -> list[dict[str, Any]]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if not content:
        return []
    name = content["schema"]["$ref"].rpartition("/")[2]
    model = schema["components"]["schemas"][name]
    needed = model.get("required", [])
    return [
        {"name": field, "type": _type(about), "needed": field in needed} for field, about in model["properties"].items()
    ]


def _type(about: dict[str, Any]) -> str:
    return " or ".join(_name(kind) for kind in about.get("anyOf", [about]) if kind.get("type") != "null")


def _name(kind: dict[str, Any]) -> str:
    return "one of " + ", ".join(kind["enum"]) if "enum" in kind else str(kind.get("type", ""))
