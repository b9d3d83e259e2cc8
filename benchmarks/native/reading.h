/* A thread that reads its share of the clients with one epoll. */
#ifndef READING_H
#define READING_H
#include <pthread.h>
#include <stdatomic.h>

#include "client.h"

typedef struct {
    Client *clients;
    int count;
    atomic_bool connect;    /* set by the main thread: begin to connect */
    const Target *target;
    _Atomic uint64_t *ack;  /* where the newest stamp that all clients have is written; may be NULL */
    pthread_mutex_t lock;   /* held while a batch is read; guards all below */
    Stats stats;
    uint64_t since;         /* us: last reset */
    int epoll, started, connecting, failed, ready;
    uint64_t handshaken_at, ready_at, acked_at, sipped_at;
    bool unacked;
    Buffer scratch;
} Reading;

typedef struct {
    int missing, failed;
    uint64_t handshaken_at, ready_at;   /* us: when the last one got there */
} Progress;

void reading_start(Reading *r, const Target *target, _Atomic uint64_t *ack);
Progress reading_progress(Reading *r);
void reading_reset(Reading *r);
/* Adds the counts to sum and the open clients to open; returns when counting began. */
uint64_t reading_collect(Reading *r, Stats *sum, int *open);
#endif
