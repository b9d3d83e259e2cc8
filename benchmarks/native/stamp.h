/* A stamp travels inside a quote as a number: microseconds and the symbol's index in one integer.
 * The exchange puts it into the ticker's "q", each server hands it on as "quote_volume_24h". */
#ifndef STAMP_H
#define STAMP_H
#include <stdatomic.h>
#include <stdint.h>

#define STAMP_SYMBOLS 1024
#define ACK_SLOTS 16

static inline uint64_t stamp_pack(uint64_t us, unsigned symbol) { return us * STAMP_SYMBOLS + symbol; }
static inline uint64_t stamp_us(uint64_t packed) { return packed / STAMP_SYMBOLS; }
static inline unsigned stamp_symbol(uint64_t packed) { return (unsigned)(packed % STAMP_SYMBOLS); }

/* A file mapped by readers and exchange: for each reading thread, the newest stamp that all of its
 * clients have. With it the exchange can send exactly as fast as everybody receives. */
typedef struct {
    _Atomic uint32_t threads;
    _Atomic uint64_t newest[ACK_SLOTS];
} Acks;

Acks *acks_map(const char *path);
#endif
