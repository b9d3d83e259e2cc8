#include "ticker.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "websocket.h"

#define DAY_MS ((uint64_t)86400000)
#define OPEN_CENTS 6000000
#define FIRST_TRADE ((uint64_t)4000000000)

static uint64_t epoch_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

size_t ticker_frame(uint8_t *out, const char *symbol, int combined, uint64_t number, uint64_t stamp) {
    char lower[64] = "", text[TICKER_ROOM];
    for (size_t i = 0; symbol[i] && i < sizeof lower - 1; i++) lower[i] = (char)tolower(symbol[i]);
    uint64_t ms = epoch_ms(), last = FIRST_TRADE + 1000000 + number;
    int change = (int)(number * 7 % 2001) - 1000;
    double open = OPEN_CENTS / 100.0, close = (OPEN_CENTS + change) / 100.0;
    int length = 0;
    if (combined) length = snprintf(text, sizeof text, "{\"stream\":\"%s@ticker\",\"data\":", lower);
    length += snprintf(text + length, sizeof text - (size_t)length,
        "{\"e\":\"24hrTicker\",\"E\":%lu,\"s\":\"%s\",\"p\":\"%.8f\",\"P\":\"%.3f\",\"w\":\"60000.00000000\","
        "\"x\":\"60000.00000000\",\"c\":\"%.8f\",\"Q\":\"0.01000000\",\"b\":\"%.8f\",\"B\":\"1.50000000\","
        "\"a\":\"%.8f\",\"A\":\"2.50000000\",\"o\":\"%.8f\",\"h\":\"60010.00000000\",\"l\":\"59990.00000000\","
        "\"v\":\"1234.56000000\",\"q\":\"%lu.00000000\",\"O\":%lu,\"C\":%lu,\"F\":%lu,\"L\":%lu,\"n\":%lu}%s",
        ms, symbol, change / 100.0, change / 60000.0, close, close - 0.01, close, open, stamp, ms - DAY_MS, ms,
        FIRST_TRADE, last, last - FIRST_TRADE + 1, combined ? "}" : "");
    size_t head = ws_header(out, WS_TEXT, (size_t)length);
    memcpy(out + head, text, (size_t)length);
    return head + (size_t)length;
}

/* The text between key and the next quotation mark. */
static const char *field(const char *text, size_t length, const char *key, int *size) {
    const char *at = memmem(text, length, key, strlen(key));
    if (!at) return NULL;
    at += strlen(key);
    const char *end = memchr(at, '"', (size_t)(text + length - at));
    if (!end) return NULL;
    *size = (int)(end - at);
    return at;
}

size_t ticker_quote(const char *text, size_t length, char *out, size_t room) {
    int symbol_size, price_size, change_size, volume_size;
    const char *symbol = field(text, length, "\"s\":\"", &symbol_size);
    const char *price = field(text, length, "\"c\":\"", &price_size);
    const char *change = field(text, length, "\"P\":\"", &change_size);
    const char *volume = field(text, length, "\"q\":\"", &volume_size);
    if (!symbol || !price || !change || !volume) return 0;
    return (size_t)snprintf(out, room, "{\"symbol\":\"%.*s\",\"price\":%.*s,\"change_24h\":%.*s,\"quote_volume_24h\":%.*s}",
                            symbol_size, symbol, price_size, price, change_size, change, volume_size, volume);
}
