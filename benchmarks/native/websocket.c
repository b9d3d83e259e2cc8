#include "websocket.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WS_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

static uint32_t rotate(uint32_t x, int by) { return (x << by) | (x >> (32 - by)); }

static void sha1_block(uint32_t state[5], const uint8_t *block) {
    uint32_t w[80];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 80; i++) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int i = 0; i < 80; i++) {
        uint32_t f, k;
        if (i < 20) f = (b & c) | (~b & d), k = 0x5A827999;
        else if (i < 40) f = b ^ c ^ d, k = 0x6ED9EBA1;
        else if (i < 60) f = (b & c) | (b & d) | (c & d), k = 0x8F1BBCDC;
        else f = b ^ c ^ d, k = 0xCA62C1D6;
        uint32_t next = rotate(a, 5) + f + e + k + w[i];
        e = d, d = c, c = rotate(b, 30), b = a, a = next;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

/* SHA-1 of at most 119 bytes: a key and the GUID are 60. */
static void sha1_short(const uint8_t *data, size_t length, uint8_t digest[20]) {
    uint32_t state[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    uint8_t padded[128] = {0};
    size_t total = length < 56 ? 64 : 128;
    memcpy(padded, data, length);
    padded[length] = 0x80;
    for (int i = 0; i < 8; i++) padded[total - 1 - i] = (uint8_t)((uint64_t)length * 8 >> (8 * i));
    for (size_t at = 0; at < total; at += 64) sha1_block(state, padded + at);
    for (int i = 0; i < 20; i++) digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

static void base64(const uint8_t *data, size_t length, char *out) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        uint32_t three = (uint32_t)data[i] << 16;
        if (i + 1 < length) three |= (uint32_t)data[i + 1] << 8;
        if (i + 2 < length) three |= data[i + 2];
        *out++ = letters[three >> 18];
        *out++ = letters[(three >> 12) & 63];
        *out++ = i + 1 < length ? letters[(three >> 6) & 63] : '=';
        *out++ = i + 2 < length ? letters[three & 63] : '=';
    }
    *out = 0;
}

size_t ws_answer(const char *request, char *out, size_t room) {
    const char *key = strcasestr(request, "sec-websocket-key:");
    if (!key) return 0;
    key += strlen("sec-websocket-key:");
    while (*key == ' ') key++;
    size_t length = strcspn(key, " \r\n");
    if (length > 40) return 0;
    char text[96], accept[32];
    int size = snprintf(text, sizeof text, "%.*s" WS_GUID, (int)length, key);
    uint8_t digest[20];
    sha1_short((const uint8_t *)text, (size_t)size, digest);
    base64(digest, sizeof digest, accept);
    return (size_t)snprintf(out, room,
                            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                            accept);
}

static void unmask(uint8_t *payload, size_t length, const uint8_t key[4]) {
    for (size_t i = 0; i < length; i++) payload[i] ^= key[i & 3];
}

size_t ws_take(uint8_t *data, size_t length, WsFrame *frame) {
    if (length < 2) return 0;
    size_t head = 2;
    uint64_t size = data[1] & 127;
    int extra = size == 126 ? 2 : size == 127 ? 8 : 0;
    int masked = data[1] >> 7;
    if (length < head + (size_t)extra + (masked ? 4 : 0)) return 0;
    if (extra) size = 0;
    for (int i = 0; i < extra; i++) size = size << 8 | data[head++];
    uint8_t key[4] = {0};
    if (masked) memcpy(key, data + head, 4), head += 4;
    if (length - head < size) return 0;
    frame->opcode = data[0] & 15;
    frame->final = data[0] >> 7;
    frame->payload = data + head;
    frame->length = size;
    if (masked) unmask(frame->payload, size, key);
    return head + size;
}

size_t ws_header(uint8_t *out, int opcode, size_t length) {
    out[0] = (uint8_t)(0x80 | opcode);
    if (length < 126) {
        out[1] = (uint8_t)length;
        return 2;
    }
    int extra = length < 65536 ? 2 : 8;
    out[1] = extra == 2 ? 126 : 127;
    for (int i = 0; i < extra; i++) out[2 + i] = (uint8_t)((uint64_t)length >> (8 * (extra - 1 - i)));
    return 2 + (size_t)extra;
}

size_t ws_control(uint8_t *out, int opcode, const uint8_t *payload, size_t length) {
    out[0] = (uint8_t)(0x80 | opcode);
    out[1] = (uint8_t)(0x80 | length);
    memset(out + 2, 0, 4);
    if (length) memcpy(out + 6, payload, length);
    return 6 + length;
}
