/* As much of RFC 6455 as both sides of the benchmark need. */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H
#include <stddef.h>
#include <stdint.h>

enum { WS_CONTINUATION = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

typedef struct {
    int opcode;
    int final;
    uint8_t *payload;   /* unmasked in place */
    size_t length;
} WsFrame;

/* Key of our own handshakes (the example of the RFC) and the answer that proves the server read it. */
#define WS_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define WS_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

/* One frame at the start of data: bytes consumed, 0 when it is not complete yet. */
size_t ws_take(uint8_t *data, size_t length, WsFrame *frame);

/* Header of a server's frame into out (10 bytes at most); returns its length. */
size_t ws_header(uint8_t *out, int opcode, size_t length);

/* A client's control frame (mask of zeros) into out (6 + length bytes); length at most 125. */
size_t ws_control(uint8_t *out, int opcode, const uint8_t *payload, size_t length);

/* The 101 answer to a complete request; returns its length, 0 when the request has no key. */
size_t ws_answer(const char *request, char *out, size_t room);
#endif
