"""Work that nobody waits for is held until it is over, and what it fails by is seen."""

import asyncio
import gc
import logging
import weakref

from ami.tasks import Tasks


async def forever(ended):
    """Work that ends by being cancelled alone."""
    try:
        await asyncio.Event().wait()
    finally:
        ended.append(1)


def test_a_task_that_nobody_else_knows_comes_to_its_end():
    """The loop alone would lose it: nothing but the task itself knows the future it waits for."""

    async def story():
        tasks, ended = Tasks(), []
        tasks.begin(forever(ended))
        await asyncio.sleep(0)
        gc.collect()
        await tasks.finish(0.05)
        assert not ended
        await tasks.cancel()
        return ended

    assert asyncio.run(story()) == [1]


def test_what_a_task_fails_by_is_in_the_log(caplog):
    async def fails():
        raise OSError("no such thing")

    async def story():
        tasks = Tasks()
        tasks.begin(fails(), "a fault")
        await tasks.finish(5)

    with caplog.at_level(logging.ERROR, "bellhop.ami"):
        asyncio.run(story())
    [record] = caplog.records
    assert record.getMessage() == "task=a fault failed"
    assert "no such thing" in caplog.text


def test_a_task_that_is_cancelled_has_not_failed(caplog):
    async def story():
        tasks, ended = Tasks(), []
        tasks.begin(forever(ended))
        await asyncio.sleep(0)
        await tasks.cancel()
        await tasks.cancel()  # nothing is left
        return ended

    with caplog.at_level(logging.ERROR, "bellhop.ami"):
        assert asyncio.run(story()) == [1]
    assert not caplog.records


def test_who_cancels_work_goes_on_when_it_has_cleaned_up():
    async def slow(ended):
        try:
            await forever([])
        finally:
            await asyncio.sleep(0.01)
            ended.append(1)

    async def story():
        tasks, ended = Tasks(), []
        tasks.begin(slow(ended))
        await asyncio.sleep(0)
        await tasks.cancel()
        return len(ended)

    assert asyncio.run(story()) == 1


def test_work_that_is_over_is_held_no_longer():
    """A pager has thousands of them in its life."""

    async def story():
        tasks, task = Tasks(), []

        async def quick():
            task.append(weakref.ref(asyncio.current_task()))

        tasks.begin(quick())
        await tasks.finish(5)
        await asyncio.sleep(0)
        gc.collect()
        return task[0]()

    assert asyncio.run(story()) is None


def test_work_is_waited_for_as_long_as_is_said_and_no_longer():
    async def story():
        tasks, done = Tasks(), []

        async def quick():
            await asyncio.sleep(0.01)
            done.append("quick")

        tasks.begin(quick())
        tasks.begin(forever(done))
        await tasks.finish(0.3)
        told = tuple(done)
        await tasks.cancel()
        return told

    assert asyncio.run(story()) == ("quick",)
