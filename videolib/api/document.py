"""The OpenAPI document: what holds for every operation, and the whole as rows a page can show. Pure."""

from __future__ import annotations

from typing import Any

# Answers that come from before the operation. 422 where a field is wrong, which an address alone never is.
ANY_OPERATION = {
    400: "The request could not be read.",
    401: "No token, and no signed-in page.",
    403: "A page that is signed in, without the protection of forms.",
    413: "Larger than a request may be.",
    500: "Our own mistake.",
}
WITH_FIELDS = {422: "Something in it is wrong."}
PROBLEM = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def with_common_answers(schema: dict[str, Any]) -> dict[str, Any]:
    """The document, each operation with the answers that any may give, where it does not name them itself."""
    for methods in schema["paths"].values():
        for operation in methods.values():
            fields = operation.get("requestBody") or operation.get("parameters")
            for status, about in (ANY_OPERATION | (WITH_FIELDS if fields else {})).items():
                operation["responses"].setdefault(status, {"description": about, "content": PROBLEM})
            operation["responses"] = dict(sorted(operation["responses"].items()))
    return schema


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
