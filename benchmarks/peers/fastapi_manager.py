"""FastAPI's documented ConnectionManager: one loop over the connections, `send_json` to each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from benchmarks.peers.asgi import running, serve
from benchmarks.peers.venue import Quote, exchange_port, quotes


class ConnectionManager:
    def __init__(self) -> None:
        self.active_connections: list[WebSocket] = []

    async def connect(self, websocket: WebSocket) -> None:
        await websocket.accept()
        self.active_connections.append(websocket)

    def disconnect(self, websocket: WebSocket) -> None:
        self.active_connections.remove(websocket)

    async def broadcast(self, message: Quote) -> None:
        for connection in self.active_connections:
            await connection.send_json(message)


manager = ConnectionManager()


async def follow_exchange() -> None:
    async for quote in quotes(exchange_port()):
        await manager.broadcast(quote)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with running(follow_exchange()):
        yield


app = FastAPI(lifespan=lifespan)


@app.websocket("/ws")
async def prices(websocket: WebSocket) -> None:
    await manager.connect(websocket)
    try:
        while True:
            await websocket.receive_text()
    except WebSocketDisconnect:
        manager.disconnect(websocket)


if __name__ == "__main__":
    serve(app)
