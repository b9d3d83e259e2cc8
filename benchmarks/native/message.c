#include "message.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "websocket.h"

static void take_stamp(Sink *sink, uint64_t packed) {
    Client *c = sink->client;
    uint64_t us = stamp_us(packed);
    unsigned symbol = stamp_symbol(packed);
    c->updates++;
    if (us > c->newest) c->newest = us;
    histogram_add(&sink->stats->latency, sink->now > us ? sink->now - us : 0);
    uint64_t age = sink->now - c->last[symbol];
    if (c->last[symbol] && age > sink->stats->age_max) sink->stats->age_max = age;
    if (us > c->last[symbol]) c->last[symbol] = us;
}

/* Counts one complete message and the stamps in it. */
static void take_message(Sink *sink, const uint8_t *text, size_t length) {
    const char *needle = sink->target->needle;
    size_t needle_length = strlen(needle);
    const uint8_t *end = text + length, *at = text;
    uint64_t found = 0;
    if (!sink->client->last) sink->client->last = calloc(STAMP_SYMBOLS, sizeof(uint64_t));
    while ((at = memmem(at, (size_t)(end - at), needle, needle_length))) {
        at += needle_length;
        uint64_t packed = 0;
        while (at < end && (*at == ' ' || *at == '"')) at++;
        while (at < end && *at >= '0' && *at <= '9') packed = packed * 10 + (uint64_t)(*at++ - '0');
        take_stamp(sink, packed);
        found++;
    }
    sink->stats->updates += found;
    if (found) sink->stats->messages++;
    else sink->stats->others++;
}

static void answer_ping(Client *c, const WsFrame *ping) {
    uint8_t pong[132];
    size_t length = ws_control(pong, WS_PONG, ping->payload, ping->length > 125 ? 125 : ping->length);
    send(c->fd, pong, length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool take_frame(Sink *sink, const WsFrame *frame) {
    Buffer *parts = &sink->client->event;
    if (frame->opcode == WS_CLOSE) return false;
    if (frame->opcode == WS_PING) answer_ping(sink->client, frame);
    if (frame->opcode >= WS_CLOSE) return true;
    if (frame->final && !parts->length) {
        take_message(sink, frame->payload, frame->length);
        return true;
    }
    buffer_append(parts, frame->payload, frame->length);
    if (frame->final) {
        take_message(sink, parts->bytes, parts->length);
        parts->length = 0;
    }
    return true;
}

long message_take_frames(Sink *sink, uint8_t *data, size_t length) {
    size_t used = 0, size;
    WsFrame frame;
    while ((size = ws_take(data + used, length - used, &frame))) {
        if (!take_frame(sink, &frame)) return -1;
        used += size;
    }
    return (long)used;
}

/* Complete events at the front of text (an empty line ends one, with \n or \r\n); bytes used. */
static size_t take_events(Sink *sink, const uint8_t *text, size_t length) {
    const uint8_t *start = text, *line = text, *end = text + length, *newline;
    while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
        bool empty = newline == line || (newline == line + 1 && *line == '\r');
        if (empty && line > start) take_message(sink, start, (size_t)(newline - start));
        line = newline + 1;
        if (empty) start = line;
    }
    return (size_t)(start - text);
}

static void take_body(Sink *sink, const uint8_t *body, size_t length) {
    Buffer *event = &sink->client->event;
    if (!event->length) {
        size_t used = take_events(sink, body, length);
        if (used < length) buffer_append(event, body + used, length - used);
        return;
    }
    buffer_append(event, body, length);
    buffer_drop(event, take_events(sink, event->bytes, event->length));
}

/* Size line and data of one complete chunk; 0 when incomplete, -1 at the last chunk or nonsense. */
static long take_chunk(Sink *sink, const uint8_t *data, size_t length) {
    const uint8_t *newline = memchr(data, '\n', length);
    if (!newline) return length > 64 ? -1 : 0;
    size_t head = (size_t)(newline + 1 - data);
    size_t size = strtoul((const char *)data, NULL, 16);
    if (size == 0) return -1;
    if (length < head + size + 2) return 0;
    take_body(sink, data + head, size);
    return (long)(head + size + 2);
}

long message_take_http(Sink *sink, uint8_t *data, size_t length) {
    if (!sink->client->chunked) {
        take_body(sink, data, length);
        return (long)length;
    }
    size_t used = 0;
    long size;
    while (used < length && (size = take_chunk(sink, data + used, length - used))) {
        if (size < 0) return -1;
        used += (size_t)size;
    }
    return (long)used;
}
