"""`hantrade trends`: what people search for."""

import typer

from cli import trends_evaluate, trends_fetch, trends_plan, trends_show, trends_suggest

app = typer.Typer(
    help="What people search for: fetch, show, plan, suggest words. Example: hantrade trends fetch 120110",
    no_args_is_help=True,
)
app.command("fetch")(trends_fetch.fetch)
app.command("show")(trends_show.show)
app.command("plan")(trends_plan.plan)
app.command("suggest")(trends_suggest.suggest)
app.command("evaluate")(trends_evaluate.evaluate)
