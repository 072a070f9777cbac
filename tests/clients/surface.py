"""Uses all of the server `everything` through the official Python client, in the modern era.

Usage: surface.py URL KEY. Writes one JSON line with what it was given, in the shape that
tests/clients_modern.rs expects of each client; one when it listens; and one when it has heard that
the list of tools has changed. It must not know what is right.
"""

import asyncio
import json
import sys

import anyio
import httpx2
import mcp_types as types
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client


def say(line):
    print(json.dumps(line), flush=True)


async def elicited(_context, _params):
    return types.ElicitResult(action="accept", content={"name": "Ada"})


async def sampled(_context, _params):
    content = types.TextContent(type="text", text="Paris")
    return types.CreateMessageResult(role="assistant", content=content, model="a model")


async def roots(_context):
    return types.ListRootsResult(roots=[types.Root(uri="file:///home")])


async def cancelled(client):
    """Whether a call that had begun was given up, at its first word of how far it is."""
    with anyio.CancelScope() as scope:

        async def progressed(_progress, _total, _message):
            scope.cancel()

        await client.call_tool("test_tool_with_progress", {}, progress_callback=progressed)
    return scope.cancelled_caught


async def surface(client):
    async def call(name):
        return (await client.call_tool(name, {})).content[0].text

    async def read(uri):
        return (await client.read_resource(uri)).contents[0]

    name = "test_prompt_with_arguments"
    prompt = await client.get_prompt(name, {"arg1": "one", "arg2": "two"})
    reference = types.PromptReference(type="ref/prompt", name=name)
    completed = await client.complete(reference, {"name": "arg1", "value": "par"})
    templates = await client.list_resource_templates()
    return {
        "version": client.protocol_version,
        "tools": [tool.name for tool in (await client.list_tools()).tools],
        "resources": [str(found.uri) for found in (await client.list_resources()).resources],
        "templates": [template.uri_template for template in templates.resource_templates],
        "prompts": [prompt.name for prompt in (await client.list_prompts()).prompts],
        "called": await call("test_simple_text"),
        "text": (await read("test://static-text")).text,
        "bytes": (await read("test://static-binary")).blob,
        "prompt": prompt.messages[0].content.text,
        "completed": completed.completion.values,
        "elicited": await call("test_input_required_result_elicitation"),
        "sampled": await call("test_input_required_result_sampling"),
        "roots": await call("test_input_required_result_list_roots"),
        "cancelled": await cancelled(client),
        "afterwards": await call("test_simple_text"),
    }


async def main():
    url, key = sys.argv[1:]
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(headers=headers) as http:
        answers = {
            "elicitation_callback": elicited,
            "sampling_callback": sampled,
            "list_roots_callback": roots,
        }
        async with Client(streamable_http_client(url, http_client=http), **answers) as client:
            say(await surface(client))
            async with client.listen(tools_list_changed=True) as subscription:
                say({"listening": subscription.honored.tools_list_changed})
                await anext(subscription)
                say({"tools": [tool.name for tool in (await client.list_tools()).tools]})


asyncio.run(main())
