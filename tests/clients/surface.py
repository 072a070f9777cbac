"""Uses all of the server `everything` through the official Python client, in the modern era.

Usage: surface.py URL KEY. Reads words from standard input and writes JSON lines, as
tests/clients_modern/driven.rs says; ends when its input does. It must not know what is right.
"""

import asyncio
import json
import sys

import anyio
import httpx2
import mcp_types as types
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.subscriptions import ResourceUpdated, ToolsListChanged

# Whether a question to the user is told, and answered at a word only.
waits = False


def say(line):
    print(json.dumps(line), flush=True)


async def word():
    """The next word; empty when none follows."""
    return (await anyio.to_thread.run_sync(sys.stdin.readline)).strip()


async def elicited(_context, params):
    if waits:
        say({"asked": params.message})
        await word()
    return types.ElicitResult(action="accept", content={"name": "Ada"})


async def sampled(_context, _params):
    content = types.TextContent(type="text", text="Paris")
    return types.CreateMessageResult(role="assistant", content=content, model="a model")


async def roots(_context):
    return types.ListRootsResult(roots=[types.Root(uri="file:///home")])


async def call(client, name):
    return (await client.call_tool(name, {})).content[0].text


async def surface(client):
    async def read(uri):
        return (await client.read_resource(uri)).contents[0]

    name = "test_prompt_with_arguments"
    prompt = await client.get_prompt(name, {"arg1": "one", "arg2": "two"})
    reference = types.PromptReference(type="ref/prompt", name=name)
    completed = await client.complete(reference, {"name": "arg1", "value": "par"})
    templates = await client.list_resource_templates()
    say({
        "version": client.protocol_version,
        "tools": [tool.name for tool in (await client.list_tools()).tools],
        "resources": [str(found.uri) for found in (await client.list_resources()).resources],
        "templates": [template.uri_template for template in templates.resource_templates],
        "prompts": [prompt.name for prompt in (await client.list_prompts()).prompts],
        "called": await call(client, "test_simple_text"),
        "text": (await read("test://static-text")).text,
        "bytes": (await read("test://static-binary")).blob,
        "prompt": prompt.messages[0].content.text,
        "completed": completed.completion.values,
        "elicited": await call(client, "test_input_required_result_elicitation"),
        "sampled": await call(client, "test_input_required_result_sampling"),
        "roots": await call(client, "test_input_required_result_list_roots"),
    })


async def listen(client):
    wish = {"tools_list_changed": True, "resource_subscriptions": ["test://static-text"]}
    async with client.listen(**wish) as subscription:
        honored = subscription.honored.model_dump(mode="json", by_alias=True, exclude_none=True)
        say({"listening": honored})
        updated = await anext(subscription)
        assert isinstance(updated, ResourceUpdated), updated
        say({"updated": updated.uri})
        changed = await anext(subscription)
        assert isinstance(changed, ToolsListChanged), changed
        say({"tools": [tool.name for tool in (await client.list_tools()).tools]})


async def long(client):
    """Calls what takes long, and gives it up at a word."""
    running = anyio.Event()
    scope = anyio.CancelScope()

    async def progressed(_progress, _total, _message):
        running.set()

    async def begin():
        with scope:
            await client.call_tool("test_long_call", {}, progress_callback=progressed)
        say({"ended": "given up" if scope.cancelled_caught else "answered"})

    async with anyio.create_task_group() as group:
        group.start_soon(begin)
        await running.wait()
        say({"running": True})
        await word()
        scope.cancel()


async def question(client):
    global waits
    waits = True
    say({"elicited": await call(client, "test_input_required_result_elicitation")})


async def main():
    url, key = sys.argv[1:]
    headers = {"Authorization": f"Bearer {key}"}
    acts = {"surface": surface, "listen": listen, "long": long, "question": question}
    # A busy host may keep an answer waiting for longer than a client of HTTP waits by itself.
    timeout = httpx2.Timeout(30, read=300)
    async with httpx2.AsyncClient(headers=headers, timeout=timeout) as http:
        answers = {
            "elicitation_callback": elicited,
            "sampling_callback": sampled,
            "list_roots_callback": roots,
        }
        async with Client(streamable_http_client(url, http_client=http), **answers) as client:
            while act := await word():
                await acts[act](client)


asyncio.run(main())
