#include "server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "websocket.h"

int server_listen(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 4096) ||
        getsockname(fd, (struct sockaddr *)&address, &size)) {
        perror("listen");
        exit(1);
    }
    printf("{\"port\":%d}\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

Peer *peer_accept(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return NULL;
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    Peer *peer = calloc(1, sizeof *peer);
    peer->fd = fd;
    return peer;
}

static bool answer_handshake(Peer *peer) {
    uint8_t *end = peer->in.length ? memmem(peer->in.bytes, peer->in.length, "\r\n\r\n", 4) : NULL;
    if (!end) return peer->in.length < 65536;
    *end = 0;
    const char *request = (const char *)peer->in.bytes;
    char answer[512];
    size_t length = ws_answer(request, answer, sizeof answer);
    if (!length) return false;
    peer->combined = !strncmp(request, "GET /stream", 11);
    peer->open = true;
    buffer_drop(&peer->in, (size_t)(end + 4 - peer->in.bytes));
    return peer_send(peer, answer, length, SIZE_MAX);
}

bool peer_read(Peer *peer) {
    char bytes[65536];
    ssize_t got = recv(peer->fd, bytes, sizeof bytes, 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    buffer_append(&peer->in, bytes, (size_t)got);
    return peer->open || answer_handshake(peer);
}

void peer_flush(Peer *peer) {
    if (!peer->out.length) return;
    ssize_t sent = send(peer->fd, peer->out.bytes, peer->out.length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) buffer_drop(&peer->out, (size_t)sent);
}

bool peer_send(Peer *peer, const void *bytes, size_t length, size_t limit) {
    peer_flush(peer);
    if (peer->out.length > limit) return false;
    ssize_t sent = peer->out.length ? 0 : send(peer->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) sent = 0;
    if ((size_t)sent < length) buffer_append(&peer->out, (const char *)bytes + sent, length - (size_t)sent);
    return true;
}

void peer_free(Peer *peer) {
    close(peer->fd);
    buffer_free(&peer->in);
    buffer_free(&peer->out);
    free(peer);
}
