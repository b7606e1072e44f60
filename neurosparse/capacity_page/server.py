"""Bokeh's server for the page: bound to the loopback, open to pages of its own address only, ended by Ctrl-C.

Everything comes from this machine: Bokeh's scripts and styles from its installed files, nothing from the network.
"""

import errno
import logging
import socket
import webbrowser
from collections.abc import Callable
from typing import Any

from neurosparse import check

ADDRESS = "127.0.0.1"


def serve(port: int, browser: bool, tell: Callable[[str], None]) -> None:
    """Serve until Ctrl-C. Raises as `start`."""
    server, bound = start(port)
    tell("preparing the page")
    prepare()
    url = f"http://{ADDRESS}:{bound}/"
    tell(f"serving  {url}  (Ctrl-C ends it)")
    if browser:
        webbrowser.open(url)
    try:
        server.io_loop.start()
    except KeyboardInterrupt:
        tell("\nstopped")
    finally:
        server.unlisten()
        server.stop(wait=False)


def prepare() -> None:
    """Make a page that nobody sees: what must be compiled is compiled now, and mistakes show here."""
    from bokeh.document import Document

    from neurosparse.capacity_page import page

    page.build(Document())


def start(port: int) -> tuple[Any, int]:
    """A server that listens, and its port; 0 takes a free one. Its `io_loop` is still to be started.

    Raises ImportError without Bokeh, ValueError for a port that is taken, OSError for one that the system refuses.
    """
    try:
        from bokeh.server.server import BaseServer
        from bokeh.server.tornado import BokehTornado
        from tornado.httpserver import HTTPServer
        from tornado.ioloop import IOLoop
    except ImportError:
        check.fail("capacity serve", "the page needs Bokeh", "no bokeh", 'pip install "neurosparse[page]"', ImportError)
    from neurosparse.capacity_page import page

    for name in ("bokeh", "tornado"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        listening = socket.create_server((ADDRESS, port), backlog=128)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        check.fail("capacity serve", "the port must be free", port, "choose another with --port, or any with --port 0")
    listening.setblocking(False)
    bound = listening.getsockname()[1]
    origins = [f"{ADDRESS}:{bound}", f"localhost:{bound}"]
    pages = BokehTornado({"/": page.build}, extra_websocket_origins=origins)
    http = HTTPServer(pages)
    http.add_sockets([listening])
    server = BaseServer(IOLoop.current(), pages, http)
    server.start()
    return server, bound
