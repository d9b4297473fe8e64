"""A peer: the measured flow on panoramisk's FastAGI server, as its documentation shows it. Its argument is the port."""

from __future__ import annotations

import asyncio
import sys

import uvloop
from panoramisk.fast_agi import Application, Request

WAYS = {
    "1": ("directions", "first"),
    "2": ("product", "second"),
    "3": ("order", "second"),
    "4": ("claim", "third"),
    "5": ("other", "first"),
}


async def answer(request: Request) -> None:
    """Serve one call, with the same facts and the same prompts as the desk."""
    say = request.send_command
    await say('EXEC CELGenUserEvent "IVR,began?version=panoramisk entered?node=informer entered?node=category"')
    await say('EXEC Read "KEY,ultralight/ru/informer&ultralight/ru/category,1,,1,4"')
    key = (await say("GET VARIABLE KEY"))["result"][1]
    category, line = WAYS.get(key, WAYS["5"])
    await say(f'EXEC CELGenUserEvent "IVR,key?node=category&key={key} category?category={category}"')
    await say(f'EXEC CELGenUserEvent "IVR,caller?known=0 notice handover?line={line}"')
    await say('EXEC Playback "ultralight/ru/notice"')
    await say(f'EXEC MSet "__IVR_CATEGORY={category},LINE={line}"')


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    application = Application(loop=asyncio.get_running_loop())
    application.add_route("desk", answer)
    server = await asyncio.start_server(application.handler, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
