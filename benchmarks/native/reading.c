#include "reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"

#define BATCH 256
#define REST_US 200             /* what a sender pays for waking us per message would limit it, not us */
#define CONNECTS_IN_FLIGHT 64   /* below any listen backlog: a lost SYN costs a second */
#define ACK_EVERY_US 500
#define SIP_EVERY_US 100000
#define SIP_BYTES 100           /* a trickling reader takes 1 kB/s */

static void watch(Reading *r, Client *c, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    epoll_ctl(r->epoll, operation, c->fd, &event);
}

static void lose(Reading *r, Client *c) {
    if (c->state == CLIENT_CONNECTING || c->state == CLIENT_HANDSHAKE) {
        r->connecting--;
        r->failed++;
    } else if (!c->ready) r->failed++;
    client_close(c);
}

static void connect_more(Reading *r) {
    while (r->started < r->count && r->connecting < CONNECTS_IN_FLIGHT) {
        Client *c = &r->clients[r->started++];
        r->connecting++;
        if (client_connect(c, r->target)) watch(r, c, EPOLL_CTL_ADD, EPOLLOUT);
        else lose(r, c);
    }
}

/* A reader that does not read leaves epoll; it counts as there once its request is sent. */
static void stop_reading(Reading *r, Client *c) {
    epoll_ctl(r->epoll, EPOLL_CTL_DEL, c->fd, NULL);
    c->state = CLIENT_OPEN;
    c->ready = true;
    r->connecting--;
    r->ready++;
}

static void finish_connect(Reading *r, Client *c) {
    if (!client_request(c, r->target)) lose(r, c);
    else if (c->kind == READER_NORMAL) watch(r, c, EPOLL_CTL_MOD, EPOLLIN);
    else stop_reading(r, c);
}

static void note_progress(Reading *r, Client *c, ClientState before, bool was_ready) {
    if (before == CLIENT_HANDSHAKE && c->state == CLIENT_OPEN) {
        r->connecting--;
        r->handshaken_at = now_us();
    }
    if (!was_ready && c->ready) {
        r->ready++;
        r->ready_at = now_us();
    }
}

static void serve_client(Reading *r, Client *c) {
    if (c->state == CLIENT_CLOSED) return;
    if (c->state == CLIENT_CONNECTING) {
        finish_connect(r, c);
        return;
    }
    ClientState before = c->state;
    bool was_ready = c->ready;
    if (client_read(c, r->target, &r->stats, &r->scratch)) note_progress(r, c, before, was_ready);
    else lose(r, c);
    r->unacked = true;
}

static void write_ack(Reading *r, uint64_t now) {
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < r->count; i++) {
        const Client *c = &r->clients[i];
        if (c->kind == READER_NORMAL && c->state == CLIENT_OPEN && c->newest < least) least = c->newest;
    }
    if (r->ack) atomic_store_explicit(r->ack, least, memory_order_release);
    r->acked_at = now;
    r->unacked = false;
}

static void sip(Reading *r, uint64_t now) {
    r->sipped_at = now;
    for (int i = 0; i < r->count; i++) {
        Client *c = &r->clients[i];
        if (c->kind == READER_TRICKLING && c->state == CLIENT_OPEN && !client_sip(c, SIP_BYTES)) client_close(c);
    }
}

static void read_batch(Reading *r, struct epoll_event *events, int count) {
    pthread_mutex_lock(&r->lock);
    for (int i = 0; i < count; i++) serve_client(r, events[i].data.ptr);
    if (atomic_load_explicit(&r->connect, memory_order_relaxed)) connect_more(r);
    uint64_t now = now_us();
    if (r->unacked && now - r->acked_at >= ACK_EVERY_US) write_ack(r, now);
    if (now - r->sipped_at >= SIP_EVERY_US) sip(r, now);
    pthread_mutex_unlock(&r->lock);
}

static void *reading_run(void *argument) {
    Reading *r = argument;
    struct epoll_event events[BATCH];
    for (;;) {
        int count = epoll_wait(r->epoll, events, BATCH, r->unacked ? 1 : 20);
        if (count > 0 && count < BATCH) usleep(REST_US);
        read_batch(r, events, count < 0 ? 0 : count);
    }
    return NULL;
}

void reading_start(Reading *r, const Target *target, _Atomic uint64_t *ack) {
    r->target = target;
    r->ack = ack;
    r->epoll = epoll_create1(EPOLL_CLOEXEC);
    r->since = now_us();
    pthread_mutex_init(&r->lock, NULL);
    pthread_t thread;
    if (r->epoll < 0 || pthread_create(&thread, NULL, reading_run, r) != 0) {
        perror("reading thread");
        exit(1);
    }
}

Progress reading_progress(Reading *r) {
    pthread_mutex_lock(&r->lock);
    Progress p = {r->count - r->ready - r->failed, r->failed, r->handshaken_at, r->ready_at};
    pthread_mutex_unlock(&r->lock);
    return p;
}

void reading_reset(Reading *r) {
    pthread_mutex_lock(&r->lock);
    memset(&r->stats, 0, sizeof r->stats);
    r->since = now_us();
    for (int i = 0; i < r->count; i++)
        for (unsigned s = 0; r->clients[i].last && s < STAMP_SYMBOLS; s++)
            if (r->clients[i].last[s] && r->clients[i].last[s] < r->since) r->clients[i].last[s] = r->since;
    pthread_mutex_unlock(&r->lock);
}

uint64_t reading_collect(Reading *r, Stats *sum, int *open) {
    pthread_mutex_lock(&r->lock);
    uint64_t now = now_us(), since = r->since;
    for (int i = 0; i < r->count; i++) {
        const Client *c = &r->clients[i];
        if (c->kind != READER_NORMAL || c->state != CLIENT_OPEN) continue;
        (*open)++;
        uint64_t age = client_age(c, since, now);
        if (age > sum->age_max) sum->age_max = age;
    }
    sum->messages += r->stats.messages;
    sum->updates += r->stats.updates;
    sum->others += r->stats.others;
    sum->bytes += r->stats.bytes;
    if (r->stats.age_max > sum->age_max) sum->age_max = r->stats.age_max;
    histogram_merge(&sum->latency, &r->stats.latency);
    pthread_mutex_unlock(&r->lock);
    return since;
}
