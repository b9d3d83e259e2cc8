"""A network between page and server that lets some ways through and not others, as proxies and bad lines do."""

from playwright.sync_api import Page, Route, WebSocketRoute


class Obstacles:
    """`blocked` are the ways that fail from now on: "socket", "events", "long poll", "everything".

    The page has no SharedWorker, whose connections cannot be stood in the way of: it holds the connection by itself.
    A `mute` network loses all that is said over open WebSockets in both directions, without closing them.
    """

    def __init__(self, page: Page) -> None:
        self.blocked: set[str] = set()
        self.mute = False
        self.sockets: list[WebSocketRoute] = []
        page.add_init_script("delete window.SharedWorker")
        page.route_web_socket("**/ws/prices*", self._socket)
        page.route("**/api/sse/prices*", lambda route: self._request(route, "events"))
        page.route(
            "**/api/prices*", lambda route: self._request(route, "long poll" if "wait=" in route.request.url else "")
        )

    def cut(self, *, code: int = 1006) -> None:
        """Ends the open WebSockets as the server would with this code."""
        sockets, self.sockets = self.sockets, []
        for socket in sockets:
            socket.close(code=code)

    def _socket(self, socket: WebSocketRoute) -> None:
        if self.blocked & {"socket", "everything"}:
            socket.close()
            return
        self.sockets.append(socket)
        server = socket.connect_to_server()
        socket.on_message(lambda text: None if self.mute else server.send(text))
        server.on_message(lambda text: None if self.mute else socket.send(text))

    def _request(self, route: Route, way: str) -> None:
        if self.blocked & {way, "everything"}:
            route.abort()
        else:
            route.continue_()
