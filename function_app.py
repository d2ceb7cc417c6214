"""The only FunctionApp: it registers the blueprints and does nothing else when imported."""

import azure.functions as func

from functions import health, http, opted_in, pages, poison, queues, status, timer
from functions.logs import quieten

quieten()

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
app.register_functions(timer.blueprint)
app.register_functions(queues.blueprint)
app.register_functions(pages.blueprint)
app.register_functions(poison.blueprint)
app.register_functions(http.blueprint)
app.register_functions(health.blueprint)
app.register_functions(status.blueprint)
if opted_in.to_results():
    # Imported here, not above: without the opt-in nothing of results is even loaded.
    from functions import results

    app.register_functions(results.blueprint)
