"""What somebody writes who uses the package from a program for asyncio: everything awaited, progress shown as it happens.

    python script.py '{"config": …, "clouds": …, "what": "plan|run|show", "operation": …, "group": …, "told": {…}}'

Writes a JSON document a line: each event when it comes, then what was asked for."""
import asyncio
import json
import sys

import protector


def say(**document):
    print(json.dumps(document), flush=True)


async def run(sites, plan):
    """Runs a plan while the event loop has other things to do."""
    beats = 0

    async def beat():
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0.01)

    beating = asyncio.create_task(beat())
    async with await sites.apply_async(plan, confirm=plan.group) as running:
        async for event in running:
            say(progress=event['progress'], event=event['event'], over=running.done)
        outcome = await running.result_async()
    beating.cancel()
    say(plan_hash=plan.hash, outcome=outcome, beats=beats)


async def main(asked):
    async with protector.open(asked['config'], clouds=asked['clouds'], started_by='script') as sites:
        if asked['what'] == 'show':
            operations, _ = await asyncio.gather(sites.operations_async(asked['group']), sites.groups_async())
            return say(**operations[-1])
        plan = await sites.plan_async(asked['operation'], group=asked['group'], **asked['told'])
        if asked['what'] == 'plan':
            return say(plan_hash=plan.hash)
        return await run(sites, plan)


if __name__ == '__main__':
    asyncio.run(main(json.loads(sys.argv[1])))
