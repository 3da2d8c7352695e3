"""Post prepared bodies of the same size with httpx.AsyncClient, and nothing else: what the client alone costs.

With `parallel` 0 it uses the transport of cr-pipelines with 32 requests in flight, otherwise httpx's own transport with
`parallel`. After a 429, a request waits for as long as the body says.
"""

import asyncio

import httpx
from _way import Job, main

from cr_pipelines.api.transport import AiohttpTransport

FILLER = b"x" * 1000


def deliver(job: Job) -> None:
    """Post all bodies."""
    asyncio.run(_post_all(job))


async def _post_all(job: Job) -> None:
    numbers = iter(range(job.rows))
    own = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=job.parallel or 32))
    transport = own if job.parallel else AiohttpTransport(connect_timeout=10, total_timeout=60)
    async with httpx.AsyncClient(transport=transport, headers=job.headers, timeout=60) as client:

        async def work() -> None:
            for number in numbers:
                content = b'{"id":"%d","bio":"%s"}' % (number, FILLER)
                response = await client.post(job.address, content=content)
                while response.status_code == 429:
                    await asyncio.sleep(response.json()["rateLimit"]["waitMs"] / 1000)
                    response = await client.post(job.address, content=content)
                response.raise_for_status()

        await asyncio.gather(*(work() for _ in range(job.parallel or 32)))


main(deliver)
