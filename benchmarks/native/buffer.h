/* Bytes that wait for the rest of their message. */
#ifndef BUFFER_H
#define BUFFER_H
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t *bytes;
    size_t length;
    size_t room;
} Buffer;

void buffer_append(Buffer *b, const void *bytes, size_t length);
void buffer_drop(Buffer *b, size_t length); /* from the front */
void buffer_free(Buffer *b);
#endif
