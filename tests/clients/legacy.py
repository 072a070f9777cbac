"""Uses the server `everything` through the official Python client, in a session of MCP 2025-11-25.

Usage: legacy.py URL KEY. Reads words from standard input and writes JSON lines, as
tests/clients_legacy says; ends when its input does. It must not know what is right.
"""

import asyncio
import json
import sys

import anyio
import httpx2
import mcp_types as types
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

WATCHED = "test://static-text"

# Whether a question to the user is told, and answered at a word only.
waits = False
logged = []


def say(line):
    print(json.dumps(line), flush=True)


async def word():
    """The next word; empty when none follows."""
    return (await anyio.to_thread.run_sync(sys.stdin.readline)).strip()


async def elicited(_context, params):
    if waits:
        say({"asked": params.message})
        await word()
    asked = params.requested_schema["properties"]
    content = {"name": "Ada"} if "name" in asked else {"username": "ada", "email": "ada@example.com"}
    return types.ElicitResult(action="accept", content=content)


async def sampled(_context, _params):
    content = types.TextContent(type="text", text="Paris")
    return types.CreateMessageResult(role="assistant", content=content, model="a model")


async def roots(_context):
    return types.ListRootsResult(roots=[types.Root(uri="file:///home")])


async def heard_log(params):
    logged.append(params.data)


async def heard(message):
    if isinstance(message, types.ResourceUpdatedNotification):
        say({"updated": str(message.params.uri)})
    if isinstance(message, types.ToolListChangedNotification):
        say({"changed": "tools"})


class Acts:
    """What each word does."""

    def __init__(self, client):
        self.client = client

    async def text(self, name, given=None, **options):
        return (await self.client.call_tool(name, given or {}, **options)).content[0].text

    async def surface(self):
        client = self.client

        async def read(uri):
            return (await client.read_resource(uri)).contents[0]

        name = "test_prompt_with_arguments"
        prompt = await client.get_prompt(name, {"arg1": "one", "arg2": "two"})
        reference = types.PromptReference(type="ref/prompt", name=name)
        completed = await client.complete(reference, {"name": "arg1", "value": "par"})
        templates = await client.list_resource_templates()
        say({
            "version": client.protocol_version,
            "tools": [tool.name for tool in (await client.list_tools(cache_mode="bypass")).tools],
            "resources": [str(found.uri) for found in (await client.list_resources()).resources],
            "templates": [template.uri_template for template in templates.resource_templates],
            "prompts": [prompt.name for prompt in (await client.list_prompts()).prompts],
            "called": await self.text("test_simple_text"),
            "text": (await read("test://static-text")).text,
            "bytes": (await read("test://static-binary")).blob,
            "prompt": prompt.messages[0].content.text,
            "completed": completed.completion.values,
        })

    async def ping(self):
        await self.client.send_ping()
        say({"pong": {}})

    async def elicit(self):
        say({"elicited": await self.text("test_elicitation", {"message": "Who are you?"})})

    async def sample(self):
        say({"sampled": await self.text("test_sampling", {"prompt": "The capital?"})})

    async def roots(self):
        say({"roots": await self.text("test_input_required_result_list_roots")})

    async def level(self, level):
        await self.client.set_logging_level(level)
        say({"level": level})

    async def log(self):
        """Calls what writes to the log, and waits a little for what comes another way than the result."""
        logged.clear()
        await self.text("test_tool_with_logging")
        await anyio.sleep(0.3)
        say({"logged": logged})

    async def subscribe(self):
        await self.client.subscribe_resource(WATCHED)
        say({"subscribed": True})

    async def unsubscribe(self):
        await self.client.unsubscribe_resource(WATCHED)
        say({"unsubscribed": True})

    async def count(self, to):
        """Counts to a number, and says that it has begun, and then what it was told."""
        counted = []

        async def progressed(progress, _total, _message):
            if not counted:
                say({"counting": True})
            counted.append(int(progress))

        given = {"to": int(to), "pauseMillis": 200}
        result = await self.text("test_counting", given, progress_callback=progressed)
        say({"counted": counted, "result": result})

    async def long(self):
        """Calls what takes long, and gives it up at a word."""
        running = anyio.Event()
        scope = anyio.CancelScope()

        async def progressed(_progress, _total, _message):
            running.set()

        async def begin():
            with scope:
                await self.client.call_tool("test_long_call", {}, progress_callback=progressed)
            say({"ended": "given up" if scope.cancelled_caught else "answered"})

        async with anyio.create_task_group() as group:
            group.start_soon(begin)
            await running.wait()
            say({"running": True})
            await word()
            scope.cancel()

    async def question(self):
        global waits
        waits = True
        await self.elicit()
        waits = False


async def main():
    url, key = sys.argv[1:]
    headers = {"Authorization": f"Bearer {key}"}
    answers = {
        "elicitation_callback": elicited,
        "sampling_callback": sampled,
        "list_roots_callback": roots,
        "logging_callback": heard_log,
        "message_handler": heard,
    }
    # A stream may be silent for longer than a client of HTTP waits by itself.
    timeout = httpx2.Timeout(30, read=300)
    async with httpx2.AsyncClient(headers=headers, timeout=timeout) as http:
        transport = streamable_http_client(url, http_client=http)
        async with Client(transport, mode="legacy", **answers) as client:
            acts = Acts(client)
            while told := await word():
                act, *rest = told.split()
                try:
                    await getattr(acts, act)(*rest)
                except Exception as error:
                    say({"failed": act, "message": str(error)})


asyncio.run(main())
