/* The limit of one core: no protocol work at all, one send() per client per message.
 *
 *   limit --exchange PORT
 *
 * Takes tickers from the exchange, makes one frame of each and sends it to every connection.
 * A client that does not keep up loses the frame.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"
#include "ticker.h"
#include "websocket.h"

typedef struct {
    int epoll;
    Peer **peers;
    size_t count;
} Limit;

static Peer *connect_exchange(int port) {
    static const char request[] = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " WS_KEY "\r\n\r\n";
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) ||
        send(fd, request, sizeof request - 1, 0) < 0) {
        perror("exchange");
        exit(1);
    }
    Peer *peer = calloc(1, sizeof *peer);
    peer->fd = fd;
    return peer;
}

static void broadcast(Limit *l, const WsFrame *event) {
    char text[TICKER_ROOM];
    uint8_t frame[TICKER_ROOM + 10];
    size_t length = ticker_quote((const char *)event->payload, event->length, text, sizeof text);
    if (!length) return;
    size_t head = ws_header(frame, WS_TEXT, length);
    memcpy(frame + head, text, length);
    for (size_t i = 0; i < l->count; i++)
        if (l->peers[i]->open) send(l->peers[i]->fd, frame, head + length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void read_exchange(Limit *l, Peer *exchange) {
    char bytes[65536];
    ssize_t got = recv(exchange->fd, bytes, sizeof bytes, 0);
    if (got <= 0) exit(0);
    buffer_append(&exchange->in, bytes, (size_t)got);
    if (!exchange->open) {
        uint8_t *end = memmem(exchange->in.bytes, exchange->in.length, "\r\n\r\n", 4);
        if (!end) return;
        exchange->open = true;
        buffer_drop(&exchange->in, (size_t)(end + 4 - exchange->in.bytes));
    }
    WsFrame frame;
    size_t used;
    while (exchange->in.length && (used = ws_take(exchange->in.bytes, exchange->in.length, &frame))) {
        broadcast(l, &frame);
        buffer_drop(&exchange->in, used);
    }
}

static void watch(Limit *l, int fd, void *pointer) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = pointer};
    epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event);
}

static void admit(Limit *l, int listener) {
    Peer *peer;
    while ((peer = peer_accept(listener))) {
        l->peers = realloc(l->peers, sizeof(Peer *) * (l->count + 1));
        l->peers[l->count++] = peer;
        watch(l, peer->fd, peer);
    }
}

static void forget(Limit *l, Peer *peer) {
    for (size_t i = 0; i < l->count; i++) {
        if (l->peers[i] != peer) continue;
        l->peers[i] = l->peers[--l->count];
        peer_free(peer);
        return;
    }
}

int main(int argc, char **argv) {
    if (argc != 3 || strcmp(argv[1], "--exchange")) return 2;
    signal(SIGPIPE, SIG_IGN);
    Limit limit = {.epoll = epoll_create1(EPOLL_CLOEXEC)};
    Peer *exchange = connect_exchange(atoi(argv[2]));
    int listener = server_listen();
    watch(&limit, listener, &listener);
    watch(&limit, exchange->fd, exchange);
    struct epoll_event events[64];
    for (;;) {
        int count = epoll_wait(limit.epoll, events, 64, -1);
        for (int i = 0; i < count; i++) {
            void *source = events[i].data.ptr;
            if (source == &listener) admit(&limit, listener);
            else if (source == exchange) read_exchange(&limit, exchange);
            else if (!peer_read(source)) forget(&limit, source);
        }
    }
}
