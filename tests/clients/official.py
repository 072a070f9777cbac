"""Calls tools through the official Python client; says as JSON how each call went.

Usage: official.py URL KEY. Reads a JSON array of calls from standard input, as official.mjs does; writes
one JSON line for the connection, one for the list of tools, and one a call.
"""

import asyncio
import json
import sys
import time

import httpx2
import mcp_types as types
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError


def say(line):
    print(json.dumps(line), flush=True)


async def perform(client, call):
    match call:
        case {"list": "Resources"}:
            return await client.list_resources()
        case {"list": "ResourceTemplates"}:
            return await client.list_resource_templates()
        case {"list": "Prompts"}:
            return await client.list_prompts()
        case {"read": uri}:
            return await client.read_resource(uri)
        case {"complete": {"type": "ref/prompt"} as reference, "argument": argument}:
            return await client.complete(types.PromptReference(**reference), argument)
        case {"complete": reference, "argument": argument}:
            reference = types.ResourceTemplateReference(**reference)
            return await client.complete(reference, argument)
        case {"prompt": name, "arguments": given}:
            return await client.get_prompt(name, given)
        case {"tool": name, "arguments": given}:
            return await client.call_tool(name, given)


async def main():
    url, key = sys.argv[1:]
    calls = json.load(sys.stdin)
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(headers=headers) as http:
        async with Client(streamable_http_client(url, http_client=http)) as client:
            say({"version": client.protocol_version})
            tools = await client.list_tools()
            say({"tools": [tool.name for tool in tools.tools]})
            for call in calls:
                started = time.monotonic()
                line = {"tool": call.get("tool")}
                try:
                    result = await perform(client, call)
                    line["result"] = result.model_dump(by_alias=True, exclude_none=True, mode="json")
                except MCPError as error:
                    line["error"] = {"code": error.code, "message": error.message}
                line["millis"] = (time.monotonic() - started) * 1000
                say(line)


asyncio.run(main())
