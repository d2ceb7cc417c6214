"""A stand-in for the Azure Functions host, for machines on which Core Tools can't be had.

It loads the same function_app.py, reads the same host.json and local.settings.json, and gives
queue, timer and HTTP functions the life they have under the real host. What it leaves out:

* the blob lease that makes a timer a singleton, and the memory of ticks missed while nothing ran:
  every process fires its own timers, and past_due is only known for ticks missed while running;
* scaling, dynamic concurrency, retry policies, `context` parameters, every binding but the three
  triggers and HTTP's return (an app that has one is refused at start, by name);
* restarting the worker after functionTimeout: the process ends with code 1 instead, which leaves
  the messages in work to their leases exactly as the worker's restart does;
* connections by identity (`<name>__queueServiceUri`): only connection strings are understood.

It is friendlier than the real host in one thing: a missing queue is created at start, where the
real host polls until somebody creates it.
"""
