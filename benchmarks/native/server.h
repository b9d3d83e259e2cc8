/* A listening socket and the WebSocket connections taken from it. */
#ifndef SERVER_H
#define SERVER_H
#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

typedef struct {
    int fd;
    bool open;          /* the handshake is done */
    bool combined;      /* asked for /stream: frames carry their stream's name */
    Buffer in;
    Buffer out;
} Peer;

/* Listens on a free port of loopback, tells it on stdout as {"port":N}, returns the socket. */
int server_listen(void);

/* The next waiting connection, NULL when there is none. */
Peer *peer_accept(int listener);

/* Reads what there is into in, and answers a complete handshake. False when the connection ended. */
bool peer_read(Peer *peer);

/* Sends now what the socket takes and keeps the rest. False when more than limit bytes wait already. */
bool peer_send(Peer *peer, const void *bytes, size_t length, size_t limit);
void peer_flush(Peer *peer);
void peer_free(Peer *peer);
#endif
