"""Queue functions that do what their message tells them to."""

import asyncio
import json
import logging
import os
import sys
import threading

import azure.functions as func
from azure.storage.queue import QueueClient

app = func.FunctionApp()
_log = logging.getLogger("sample")


def _facts(msg: func.QueueMessage) -> str:
    return json.dumps(
        {
            "name": msg.get_json()["name"],
            "count": msg.dequeue_count,
            "id": msg.id,
            "receipt": msg.pop_receipt,
            "inserted": str(msg.insertion_time),
            "expires": str(msg.expiration_time),
            "visible": str(msg.time_next_visible),
        }
    )


@app.queue_trigger(arg_name="msg", queue_name="%TEST_QUEUE%", connection="AzureWebJobsStorage")
def work(msg: func.QueueMessage) -> object:
    """Fails, returns something, blocks, takes its time, or simply ends."""
    task = msg.get_json()
    _log.info("begin %s", _facts(msg))
    match task.get("do"):
        case "fail":
            raise RuntimeError("as told,\nin two lines")
        case "exit":
            sys.exit(3)
        case "stop":
            next(iter(()))
        case "return":
            return "something"
        case "move" if msg.dequeue_count == 1:
            storage = os.environ["AzureWebJobsStorage"]  # noqa: SIM112 - Azure's own spelling
            with QueueClient.from_connection_string(storage, os.environ["TEST_QUEUE"]) as queue:
                queue.update_message(msg.id, msg.pop_receipt, visibility_timeout=task["seconds"])
            threading.Event().wait(0.8)
        case "block once" if msg.dequeue_count == 1:
            threading.Event().wait()
        case "last":
            threading.Event().wait(task["seconds"])
    _log.info("end %s", _facts(msg))
    return None


@app.queue_trigger(
    arg_name="msg", queue_name="%TEST_QUEUE%-async", connection="AzureWebJobsStorage"
)
async def work_async(msg: func.QueueMessage) -> None:
    """The same on the loop."""
    await asyncio.sleep(0)
    _log.info("end %s", _facts(msg))


@app.queue_trigger(
    arg_name="msg", queue_name="%TEST_QUEUE%-poison", connection="AzureWebJobsStorage"
)
def bury(msg: func.QueueMessage) -> None:
    """Reads what became of the hopeless ones."""
    _log.info("buried %s", _facts(msg))
    if msg.get_json().get("poison") == "fail":
        raise RuntimeError("even here")
