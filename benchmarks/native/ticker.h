/* Binance's 24hrTicker, as its spot streams send it, with a stamp where the quote volume stands. */
#ifndef TICKER_H
#define TICKER_H
#include <stddef.h>
#include <stdint.h>

#define TICKER_ROOM 1024

/* One event as a WebSocket frame, wrapped in its stream's name when combined; returns the length. */
size_t ticker_frame(uint8_t *out, const char *symbol, int combined, uint64_t number, uint64_t stamp);

/* The quote of a ticker event as JSON text (about 110 bytes); 0 when text is no ticker. */
size_t ticker_quote(const char *text, size_t length, char *out, size_t room);
#endif
