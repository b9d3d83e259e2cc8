/* From a client's bytes to counted messages: WebSocket frames, HTTP chunks, SSE events. */
#ifndef MESSAGE_H
#define MESSAGE_H
#include "client.h"

typedef struct {
    Client *client;
    const Target *target;
    Stats *stats;
    uint64_t now;   /* us: when these bytes were read */
} Sink;

/* Both return the bytes used; -1 when the stream ended or makes no sense. */
long message_take_frames(Sink *sink, uint8_t *data, size_t length);
long message_take_http(Sink *sink, uint8_t *data, size_t length);
#endif
