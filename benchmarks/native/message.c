#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

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

static uint64_t wall_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* When "timestamp":"2026-01-10T07:15:00.123Z" was, on the clock of the stamps; 0 where there is none. */
static uint64_t date_us(const Sink *sink, const uint8_t *at, const uint8_t *end) {
    static const char key[] = "\"timestamp\":\"";
    const uint8_t *found = memmem(at, (size_t)(end - at), key, sizeof key - 1);
    char text[32] = "";
    struct tm day = {0};
    int ms = 0;
    if (!found || end - found < (long)sizeof key + 24) return 0;
    memcpy(text, found + sizeof key - 1, 24);
    if (sscanf(text, "%d-%d-%dT%d:%d:%d.%dZ", &day.tm_year, &day.tm_mon, &day.tm_mday, &day.tm_hour, &day.tm_min,
               &day.tm_sec, &ms) != 7) return 0;
    day.tm_year -= 1900, day.tm_mon -= 1;
    uint64_t then = (uint64_t)timegm(&day) * 1000000 + (uint64_t)ms * 1000, wall = wall_us();
    return sink->now - (wall > then ? wall - then : 0);
}

static uint64_t stamp_at(const Sink *sink, const uint8_t *at, const uint8_t *end) {
    if (sink->target->dated) return stamp_pack(date_us(sink, at, end), 0);
    uint64_t packed = 0;
    while (at < end && (*at == ' ' || *at == '"')) at++;
    while (at < end && *at >= '0' && *at <= '9') packed = packed * 10 + (uint64_t)(*at++ - '0');
    return packed;
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
        take_stamp(sink, stamp_at(sink, at, end));
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
