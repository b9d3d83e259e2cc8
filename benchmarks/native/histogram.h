/* Latencies in microseconds: exact below 1,024, then 512 steps for each doubling (0.2 %), up to 134 s. */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H
#include <stdint.h>

#define HISTOGRAM_SLOTS (1024 + 17 * 512)

typedef struct {
    uint64_t count;
    uint64_t max;
    uint64_t slots[HISTOGRAM_SLOTS];
} Histogram;

static inline unsigned histogram_slot(uint64_t us) {
    if (us < 1024) return (unsigned)us;
    if (us >= (1ull << 27)) return HISTOGRAM_SLOTS - 1;
    unsigned power = 63 - (unsigned)__builtin_clzll(us);
    return 1024 + (power - 10) * 512 + (unsigned)((us >> (power - 9)) & 511);
}

static inline void histogram_add(Histogram *h, uint64_t us) {
    h->count++;
    h->slots[histogram_slot(us)]++;
    if (us > h->max) h->max = us;
}

void histogram_merge(Histogram *into, const Histogram *from);
uint64_t histogram_quantile(const Histogram *h, double share);
#endif
