"""Connects to an MCP endpoint through the official Python client's own OAuth, as a person with a browser does.

Usage: oauth.py URL ACCESS_CODE. Reads words from standard input and writes JSON lines, as
tests/tests/clients_oauth/main.rs says; ends when its input does. It must not know what is right.
"""

import asyncio
import html
import json
import re
import sys
from urllib.parse import parse_qs, urljoin, urlparse

import anyio
import httpx2
from mcp.client import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

URL, ACCESS_CODE = sys.argv[1:3]


class Kept:
    """What the client keeps."""

    def __init__(self):
        self.tokens = None
        self.information = None
        self.callback = None
        self.asked = 0

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.information

    async def set_client_info(self, information):
        self.information = information


def say(line):
    print(json.dumps(line), flush=True)


async def agree(url):
    """The browser of a person who agrees: where it is sent in the end."""
    async with httpx2.AsyncClient(follow_redirects=False) as browser:
        shown = await browser.get(url, headers={"accept": "text/html"})
        form = re.search(r'<form method="post" action="([^"]*)"', shown.text)
        if shown.status_code != 200 or form is None:
            raise RuntimeError(f"the page is not shown: {shown.status_code} {shown.text}")
        target = urljoin(url, html.unescape(form.group(1)))
        answer = {"access_code": ACCESS_CODE, "decision": "agree"}
        sent = await browser.post(target, data=answer)
        return sent.headers["location"]


kept = Kept()


async def redirected(url):
    kept.asked += 1
    kept.callback = await agree(url)


async def called_back():
    given = {name: values[0] for name, values in parse_qs(urlparse(kept.callback).query).items()}
    return AuthorizationCodeResult(code=given["code"], state=given.get("state"), iss=given.get("iss"))


def provider():
    metadata = OAuthClientMetadata(
        client_name="smcp-tests",
        redirect_uris=["http://127.0.0.1:7777/callback"],
        token_endpoint_auth_method="none",
    )
    return OAuthClientProvider(URL, metadata, kept, redirected, called_back)


def told():
    tokens = kept.tokens
    return {"asked": kept.asked, "scope": tokens and tokens.scope, "access": tokens and tokens.access_token}


async def main():
    auth = provider()
    async with httpx2.AsyncClient(auth=auth, timeout=30, follow_redirects=True) as http:
        async with Client(streamable_http_client(URL, http_client=http)) as client:
            await acts(client, auth)


async def acts(client, auth):
    while line := (await anyio.to_thread.run_sync(sys.stdin.readline)).strip():
        word, *given = line.split(" ")
        try:
            if word == "connect":
                say(told())
            elif word == "list":
                say({"tools": [tool.name for tool in (await client.list_tools(cache_mode="bypass")).tools]})
            elif word == "call":
                result = await client.call_tool(given[0], {})
                say({"text": result.content[0].text, **told()})
            elif word == "spoil":
                tokens = auth.context.current_tokens
                auth.context.current_tokens = tokens.model_copy(update={"access_token": tokens.access_token + "x"})
                # By its own clock the token is over: that is when it renews one.
                auth.context.token_expiry_time = 1
                say({"spoiled": True})
        except Exception as error:  # noqa: BLE001 -- whoever drives it is to see what it was
            say({"failed": repr(error)})


asyncio.run(main())
