#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "message.h"
#include "websocket.h"

#define READ_SIZE 65536
#define SMALL_WINDOW 4096

bool client_connect(Client *c, const Target *target) {
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) return false;
    int one = 1, small = SMALL_WINDOW;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (c->kind != READER_NORMAL) setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)target->port)};
    inet_pton(AF_INET, target->host, &address.sin_addr);
    c->state = CLIENT_CONNECTING;
    return connect(c->fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS;
}

bool client_request(Client *c, const Target *target) {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error) return false;
    const char *kind = target->sse ? "Accept: text/event-stream\r\nCache-Control: no-cache\r\n"
                                   : "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " WS_KEY "\r\n";
    char request[16384];
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s:%d\r\nOrigin: http://%s:%d\r\n%s\r\n",
                          c->path, target->host, target->port, target->host, target->port, kind);
    if (length >= (int)sizeof request) return false;
    c->state = CLIENT_HANDSHAKE;
    return send(c->fd, request, (size_t)length, MSG_NOSIGNAL) == length;
}

/* Bytes of a complete and welcome response head; 0 when it is not complete; -1 when refused. */
static long take_head(Client *c, const Target *target, uint8_t *data, size_t length) {
    uint8_t *end = memmem(data, length, "\r\n\r\n", 4);
    if (!end) return length > 65536 ? -1 : 0;
    *end = 0;
    const char *head = (const char *)data;
    const char *status = target->sse ? " 200 " : " 101 ";
    if (!strstr(head, status) || (!target->sse && !strstr(head, WS_ACCEPT))) {
        fprintf(stderr, "refused: %.*s\n", (int)strcspn(head, "\r\n"), head);
        return -1;
    }
    c->chunked = strcasestr(head, "transfer-encoding: chunked") != NULL;
    c->state = CLIENT_OPEN;
    return end + 4 - data;
}

static bool take_all(Client *c, const Target *target, Stats *stats, uint8_t *data, size_t length, size_t *used) {
    *used = 0;
    if (c->state == CLIENT_HANDSHAKE) {
        long head = take_head(c, target, data, length);
        if (head <= 0) return head == 0;
        *used = (size_t)head;
    }
    Sink sink = {.client = c, .target = target, .stats = stats, .now = now_us()};
    long body = target->sse ? message_take_http(&sink, data + *used, length - *used)
                            : message_take_frames(&sink, data + *used, length - *used);
    if (body < 0) return false;
    *used += (size_t)body;
    c->ready = c->state == CLIENT_OPEN && c->updates >= target->ready_updates;
    return true;
}

bool client_read(Client *c, const Target *target, Stats *stats, Buffer *scratch) {
    size_t held = c->carry.length;
    if (scratch->room < held + READ_SIZE) {
        buffer_free(scratch);
        scratch->room = 2 * (held + READ_SIZE);
        scratch->bytes = malloc(scratch->room);
    }
    if (held) memcpy(scratch->bytes, c->carry.bytes, held);
    ssize_t got = recv(c->fd, scratch->bytes + held, READ_SIZE, 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    stats->bytes += (uint64_t)got;
    size_t used, length = held + (size_t)got;
    if (!take_all(c, target, stats, scratch->bytes, length, &used)) return false;
    c->carry.length = 0;
    if (used < length) buffer_append(&c->carry, scratch->bytes + used, length - used);
    return true;
}

bool client_sip(Client *c, size_t length) {
    char sip[4096];
    ssize_t got = recv(c->fd, sip, length < sizeof sip ? length : sizeof sip, 0);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

void client_close(Client *c) {
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    c->state = CLIENT_CLOSED;
    buffer_free(&c->carry);
    buffer_free(&c->event);
}

uint64_t client_age(const Client *c, uint64_t since, uint64_t now) {
    uint64_t oldest = now;
    for (unsigned i = 0; c->last && i < STAMP_SYMBOLS; i++)
        if (c->last[i] && c->last[i] < oldest) oldest = c->last[i];
    if (oldest < since) oldest = since;
    return now > oldest ? now - oldest : 0;
}
