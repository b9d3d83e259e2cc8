/* A venue that speaks Binance's ticker streams at a rate the benchmark chooses.
 *
 *   exchange --symbols FILE --acks FILE
 *
 * A burst is one ticker of each of the first K symbols of FILE, all with the same stamp; every
 * connection gets every burst. Commands on stdin, each answered by a line of JSON:
 *   symbols K   rate B (bursts a second, 0 = none)   window W   report   quit
 * "window" sends the next burst when nearly all before it have reached all clients (see acks in stamp.h):
 * as much as the server under test can deliver, and never an overload. At most W bursts are on
 * their way: few for a server that merges what it cannot deliver, else most of the work would be merging.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "server.h"
#include "stamp.h"
#include "ticker.h"
#include "websocket.h"

#define MAX_PEERS 16
#define OUT_LIMIT (1 << 20)         /* bytes waiting for one connection before bursts are left out */
#define WINDOW 64                   /* bursts on their way at most, whatever W; at least two */
#define WINDOW_AGE_US 30000         /* the window grows while bursts arrive sooner, and shrinks otherwise */
#define LOST_AFTER_US 2000000
#define WINDOW_TICK_US 200

typedef struct {
    int epoll, timer;
    Acks *acks;
    char symbols[STAMP_SYMBOLS][32];
    unsigned known, used;
    Peer *peers[MAX_PEERS];
    double rate;
    int windowed;
    uint64_t due, last_stamp, number, sent, skipped;
    uint64_t way[WINDOW];           /* stamps on their way, oldest first, as a ring */
    unsigned way_first, way_count;
    double window, window_most;
} Exchange;

static void read_symbols(Exchange *x, const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        exit(1);
    }
    while (x->known < STAMP_SYMBOLS && fscanf(file, "%31s", x->symbols[x->known]) == 1) x->known++;
    fclose(file);
    x->used = x->known;
}

static void watch(Exchange *x, int fd, void *pointer) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = pointer};
    epoll_ctl(x->epoll, EPOLL_CTL_ADD, fd, &event);
}

static void wake_in(Exchange *x, uint64_t us) {
    struct itimerspec at = {.it_value = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000}};
    if (!us) at.it_value.tv_nsec = 1;
    timerfd_settime(x->timer, 0, &at, NULL);
}

static void send_burst(Exchange *x) {
    static uint8_t frames[2][STAMP_SYMBOLS * TICKER_ROOM];
    size_t lengths[2] = {0, 0};
    uint64_t us = now_us();
    x->last_stamp = us > x->last_stamp ? us : x->last_stamp + 1;
    x->number++;
    for (int i = 0; i < MAX_PEERS; i++) {
        Peer *peer = x->peers[i];
        if (!peer || !peer->open) continue;
        int combined = peer->combined;
        for (unsigned s = 0; s < x->used && !(s == 0 && lengths[combined]); s++)
            lengths[combined] += ticker_frame(frames[combined] + lengths[combined], x->symbols[s], combined, x->number,
                                              stamp_pack(x->last_stamp, s));
        if (!peer_send(peer, frames[combined], lengths[combined], OUT_LIMIT)) x->skipped++;
    }
    x->sent++;
}

static uint64_t least_ack(const Exchange *x) {
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < atomic_load(&x->acks->threads); i++) {
        uint64_t ack = atomic_load_explicit(&x->acks->newest[i], memory_order_acquire);
        if (ack < least) least = ack;
    }
    return least;
}

static void send_window(Exchange *x) {
    uint64_t acked = least_ack(x), now = now_us();
    while (x->way_count && (x->way[x->way_first] <= acked || now - x->way[x->way_first] > LOST_AFTER_US)) {
        bool late = now - x->way[x->way_first] > WINDOW_AGE_US;
        x->window *= late ? 0.95 : 1.05;
        if (x->window > x->window_most) x->window = x->window_most;
        if (x->window < 2) x->window = 2;
        x->way_first = (x->way_first + 1) % WINDOW;
        x->way_count--;
    }
    while (x->way_count < (unsigned)x->window) {
        send_burst(x);
        x->way[(x->way_first + x->way_count++) % WINDOW] = x->last_stamp;
    }
    wake_in(x, WINDOW_TICK_US);
}

static void send_due(Exchange *x) {
    if (x->windowed) {
        send_window(x);
        return;
    }
    if (x->rate <= 0) return;
    uint64_t now = now_us(), step = (uint64_t)(1e6 / x->rate);
    if (now > x->due + 100000) x->due = now;
    for (; x->due <= now; x->due += step ? step : 1) send_burst(x);
    wake_in(x, x->due - now);
}

/* Answers every SUBSCRIBE, UNSUBSCRIBE or LIST by its id, as the venue does. */
static void acknowledge(Peer *peer, const WsFrame *frame) {
    const char *id = memmem(frame->payload, frame->length, "\"id\":", 5);
    if (!id) return;
    size_t length = strspn(id + 5, " \"0123456789abcdef-");
    uint8_t out[160];
    char text[128];
    size_t size = (size_t)snprintf(text, sizeof text, "{\"result\":null,\"id\":%.*s}", (int)(length > 60 ? 60 : length), id + 5);
    size_t head = ws_header(out, WS_TEXT, size);
    memcpy(out + head, text, size);
    peer_send(peer, out, head + size, SIZE_MAX);
}

static int obey_peer(Peer *peer) {
    if (!peer_read(peer)) return 0;
    WsFrame frame;
    size_t used;
    while (peer->open && (used = ws_take(peer->in.bytes, peer->in.length, &frame))) {
        if (frame.opcode == WS_CLOSE) return 0;
        if (frame.opcode == WS_TEXT) acknowledge(peer, &frame);
        if (frame.opcode == WS_PING && frame.length < 126) {
            uint8_t pong[128];
            size_t head = ws_header(pong, WS_PONG, frame.length);
            memcpy(pong + head, frame.payload, frame.length);
            peer_send(peer, pong, head + frame.length, SIZE_MAX);
        }
        buffer_drop(&peer->in, used);
    }
    return 1;
}

static void admit(Exchange *x, int listener) {
    Peer *peer = peer_accept(listener);
    for (int i = 0; peer && i < MAX_PEERS; i++) {
        if (x->peers[i]) continue;
        x->peers[i] = peer;
        watch(x, peer->fd, &x->peers[i]);
        return;
    }
    if (peer) peer_free(peer);
}

static void report(const Exchange *x) {
    int open = 0;
    for (int i = 0; i < MAX_PEERS; i++) open += x->peers[i] && x->peers[i]->open;
    printf("{\"connections\":%d,\"sent\":%lu,\"skipped\":%lu}\n", open, x->sent, x->skipped);
}

static void obey(Exchange *x, const char *line) {
    unsigned wanted;
    if (sscanf(line, "rate %lf", &x->rate) == 1) x->windowed = 0, x->due = now_us();
    else if (sscanf(line, "window %u", &wanted) == 1) {
        x->windowed = 1, x->way_count = 0, x->window = 2;
        x->window_most = wanted < WINDOW ? wanted : WINDOW;
    }
    else if (sscanf(line, "symbols %u", &wanted) == 1) x->used = wanted < x->known ? wanted : x->known;
    else if (!strncmp(line, "quit", 4)) exit(0);
    else if (strncmp(line, "report", 6)) {
        printf("{\"error\":\"unknown command\"}\n");
        return;
    }
    wake_in(x, 0);
    report(x);
}

static void obey_stdin(Exchange *x) {
    static Buffer lines;
    char bytes[512];
    ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
    if (got <= 0) exit(0);
    buffer_append(&lines, bytes, (size_t)got);
    uint8_t *newline;
    while (lines.length && (newline = memchr(lines.bytes, '\n', lines.length))) {
        *newline = 0;
        obey(x, (const char *)lines.bytes);
        buffer_drop(&lines, (size_t)(newline + 1 - lines.bytes));
    }
    fflush(stdout);
}

static void take_event(Exchange *x, void *source, int *listener) {
    uint64_t ticks;
    if (source == listener) admit(x, *listener);
    else if (source == &x->rate) obey_stdin(x);
    else if (source == &x->timer) {
        if (read(x->timer, &ticks, sizeof ticks) > 0) send_due(x);
    } else {
        Peer **peer = source;
        if (*peer && !obey_peer(*peer)) {
            peer_free(*peer);
            *peer = NULL;
        }
    }
}

static void flush_all(Exchange *x) {
    for (int i = 0; i < MAX_PEERS; i++)
        if (x->peers[i]) peer_flush(x->peers[i]);
}

static int waiting(const Exchange *x) {
    for (int i = 0; i < MAX_PEERS; i++)
        if (x->peers[i] && x->peers[i]->out.length) return 1;
    return 0;
}

int main(int argc, char **argv) {
    static Exchange x;
    static const struct option names[] = {{"symbols", 1, 0, 's'}, {"acks", 1, 0, 'a'}, {0}};
    int name;
    while ((name = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (name == 's') read_symbols(&x, optarg);
        else if (name == 'a') x.acks = acks_map(optarg);
    }
    if (!x.known || !x.acks) return 2;
    signal(SIGPIPE, SIG_IGN);
    x.epoll = epoll_create1(EPOLL_CLOEXEC);
    x.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    int listener = server_listen();
    watch(&x, listener, &listener);
    watch(&x, x.timer, &x.timer);
    watch(&x, STDIN_FILENO, &x.rate);
    struct epoll_event events[16];
    for (;;) {
        int count = epoll_wait(x.epoll, events, 16, waiting(&x) ? 1 : -1);
        for (int i = 0; i < count; i++) take_event(&x, events[i].data.ptr, &listener);
        flush_all(&x);
    }
}
