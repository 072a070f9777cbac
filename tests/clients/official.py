"""Calls tools through the official Python client; says as JSON how each call went.

Usage: official.py URL KEY. Reads a JSON array of {tool, arguments} from standard input; writes one
JSON line for the connection, one for the list of tools, and one a call.
"""

import asyncio
import json
import sys
import time

import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client


def say(line):
    print(json.dumps(line), flush=True)


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
                result = await client.call_tool(call["tool"], call["arguments"])
                millis = (time.monotonic() - started) * 1000
                result = result.model_dump(by_alias=True, exclude_none=True, mode="json")
                say({"tool": call["tool"], "millis": millis, "result": result})


asyncio.run(main())
