"""Ready-made bodies of the same size through httpx.AsyncClient and nothing else: what the client alone costs.

With `parallel` 0 it is the transport that cr-pipelines uses, 32 in flight; else httpx's own, `parallel` in flight. A
429 is waited out for as long as its body says, by whoever got it.
"""

import asyncio

import httpx
from _way import Job, main

from cr_pipelines.api.transport import AiohttpTransport

FILLER = b"x" * 1000


def deliver(job: Job) -> None:
    """Post them all."""
    asyncio.run(_post_all(job))


async def _post_all(job: Job) -> None:
    numbers = iter(range(job.rows))
    own = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=job.parallel or 32))
    transport = own if job.parallel else AiohttpTransport(connect_timeout=10, total_timeout=60)
    async with httpx.AsyncClient(transport=transport, headers=job.headers, timeout=60) as client:

        async def work() -> None:
            for number in numbers:
                content = b'{"id":"%d","bio":"%s"}' % (number, FILLER)
                answer = await client.post(job.address, content=content)
                while answer.status_code == 429:
                    await asyncio.sleep(answer.json()["rateLimit"]["waitMs"] / 1000)
                    answer = await client.post(job.address, content=content)
                answer.raise_for_status()

        await asyncio.gather(*(work() for _ in range(job.parallel or 32)))


main(deliver)
