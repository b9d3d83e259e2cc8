/* One subscriber of the server under test: a WebSocket, or an SSE stream over HTTP/1.1. */
#ifndef CLIENT_H
#define CLIENT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "histogram.h"
#include "stamp.h"

typedef enum { CLIENT_CONNECTING, CLIENT_HANDSHAKE, CLIENT_OPEN, CLIENT_CLOSED } ClientState;
typedef enum { READER_NORMAL, READER_STALLED, READER_TRICKLING } ReaderKind;

/* What a reading thread counted since the last reset. Only normal readers count. */
typedef struct {
    uint64_t messages;  /* frames or events that carry at least one stamp */
    uint64_t updates;   /* stamps in them */
    uint64_t others;    /* frames or events without one */
    uint64_t bytes;
    uint64_t age_max;   /* us: the oldest any client's newest quote of any symbol became */
    Histogram latency;  /* us: stamp to read, of each update */
} Stats;

typedef struct {
    const char *host;
    int port;
    bool sse;
    const char *needle; /* text in front of the stamp */
    bool dated;         /* behind the needle comes "timestamp":"2026-01-10T07:15:00.123Z" instead of a stamp */
    unsigned ready_updates;
} Target;

typedef struct {
    int fd;
    ClientState state;
    ReaderKind kind;
    bool chunked;
    bool ready;
    unsigned updates;   /* since it connected, to tell when the snapshot is complete */
    const char *path;
    Buffer carry;       /* undecoded bytes */
    Buffer event;       /* decoded part of an SSE event */
    uint64_t newest;    /* us: newest stamp of any symbol */
    uint64_t *last;     /* us, by symbol: newest stamp; 0 = never seen */
} Client;

/* Starts the connection; false when the machine refuses (errno tells). */
bool client_connect(Client *c, const Target *target);

/* The connection stands: sends the request. */
bool client_request(Client *c, const Target *target);

/* Reads what there is and counts it. Returns false when the connection ended. */
bool client_read(Client *c, const Target *target, Stats *stats, Buffer *scratch);

/* Reads at most length bytes and forgets them. */
bool client_sip(Client *c, size_t length);

void client_close(Client *c);

/* Age of the oldest symbol at now, counted from since at the earliest. */
uint64_t client_age(const Client *c, uint64_t since, uint64_t now);
#endif
