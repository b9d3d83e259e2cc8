#include "histogram.h"

static uint64_t slot_us(unsigned slot) {
    if (slot < 1024) return slot;
    unsigned power = 10 + (slot - 1024) / 512;
    return (512 + (uint64_t)((slot - 1024) % 512)) << (power - 9);
}

void histogram_merge(Histogram *into, const Histogram *from) {
    into->count += from->count;
    if (from->max > into->max) into->max = from->max;
    for (unsigned i = 0; i < HISTOGRAM_SLOTS; i++) into->slots[i] += from->slots[i];
}

uint64_t histogram_quantile(const Histogram *h, double share) {
    uint64_t wanted = (uint64_t)((double)h->count * share);
    uint64_t seen = 0;
    for (unsigned i = 0; i < HISTOGRAM_SLOTS; i++) {
        seen += h->slots[i];
        if (seen > wanted) return slot_us(i);
    }
    return h->max;
}
