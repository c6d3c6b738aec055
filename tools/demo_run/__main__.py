"""tools/demo: see a counter work on this machine, without camera, GPU or network."""

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from tools.checks.web_build import WebBuildError, build_web
from tools.demo_run.clip_folder import ClipFolder, read_clips
from tools.demo_run.play_live import play_live
from tools.demo_run.play_once import as_json, as_table, in_words, play_all

if TYPE_CHECKING:
    from tools.demo_run.loop_timeline import Timeline

ROOT = Path(__file__).resolve().parent.parent.parent


def demo(
    once: Annotated[
        bool, typer.Option(help="Play every clip once, compare each basket with its truth, exit.")
    ] = False,
    clip: Annotated[
        str, typer.Option(help="Only this clip; all with --once, else the first.")
    ] = "",
    seconds: Annotated[float, typer.Option(help="Live: stop after so long; 0 runs on.")] = 0.0,
    browser: Annotated[bool, typer.Option(help="Live: open the kiosk page.")] = False,
    loop: Annotated[
        bool, typer.Option(help="Hub, two boxes and the whole loop from counter to counter.")
    ] = False,
    centre: Annotated[
        bool, typer.Option(help="With --once: from hard cases to a gated, approved, signed model.")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Three cameras over a counter, a priced basket on a page: the product's own processes."""
    # Whoever ends a demo from outside must not leave its hub and boxes running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if centre:
        raise typer.Exit(_play_centre(once, loop, json_output))
    if loop:
        raise typer.Exit(_play_loop(once, seconds, browser, json_output))
    clips = _chosen(clip)
    if not once:
        _build_pages()
    root = ROOT / ".demo"
    console = Console(stderr=json_output)
    if not once:
        raise typer.Exit(play_live(clips[0], root, console, seconds=seconds, open_browser=browser))
    played = play_all(clips, root, console)
    if json_output:
        sys.stdout.write(json.dumps({"clips": as_json(played)}, indent=2) + "\n")
    else:
        console.print(as_table(played))
        num_right = sum(one.is_right for one in played)
        console.print(f"{num_right} of {len(played)} baskets right; {in_words(played)}")
    raise typer.Exit(0 if all(one.is_right for one in played) else 1)


def _play_loop(once: bool, seconds: float, browser: bool, json_output: bool) -> int:
    """The loop; 0 where every step was seen."""
    from tools.demo_run.play_loop import play_loop  # loads the centre, which nothing else needs

    _build_pages()
    console = Console(stderr=json_output)
    is_whole, timeline = play_loop(
        ROOT / ".demo", console, stays=not once, seconds=seconds, open_browser=browser
    )
    return _tell(console, timeline, is_whole, json_output, "The loop")


def _play_centre(once: bool, loop: bool, json_output: bool) -> int:
    """The centre; 0 where every step was seen."""
    if loop or not once:
        raise typer.BadParameter("--centre plays once and alone: tools/demo --once --centre")
    from tools.demo_run.centre_play import play_centre  # loads the centre

    console = Console(stderr=json_output)
    is_whole, timeline = play_centre(ROOT / ".demo", console)
    return _tell(console, timeline, is_whole, json_output, "The centre")


def _tell(
    console: Console, timeline: "Timeline", is_whole: bool, json_output: bool, title: str
) -> int:
    """Every step at the end; the exit code."""
    if json_output:
        document = {"is_whole": is_whole, "seconds": timeline.now_s, "steps": timeline.document()}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        table = timeline.table()
        table.title = title
        console.print(table)
        words = "every step was seen" if is_whole else "NOT every step was seen"
        console.print(f"{words}; {timeline.now_s:.0f} s")
    return 0 if is_whole else 1


def _build_pages() -> None:
    """The kiosk's page, built once; without it the box runs and the page says what is missing."""
    try:
        build_web(ROOT)
    except WebBuildError as err:
        Console(stderr=True).print(f"the page is not built: {err}")


def _chosen(name: str) -> list[ClipFolder]:
    clips = read_clips()
    chosen = [clip for clip in clips if not name or clip.name == name]
    if not chosen:
        names = ", ".join(clip.name for clip in clips)
        raise typer.BadParameter(f"no clip {name!r}; there are: {names}")
    return chosen


def main() -> None:
    """Entry point behind tools/demo."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(demo)
    app()


if __name__ == "__main__":
    main()
