#include "buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_append(Buffer *b, const void *bytes, size_t length) {
    if (b->length + length > b->room) {
        b->room = (b->length + length) * 2;
        b->bytes = realloc(b->bytes, b->room);
        if (!b->bytes) {
            perror("realloc");
            exit(1);
        }
    }
    memcpy(b->bytes + b->length, bytes, length);
    b->length += length;
}

void buffer_drop(Buffer *b, size_t length) {
    b->length -= length;
    memmove(b->bytes, b->bytes + length, b->length);
}

void buffer_free(Buffer *b) {
    free(b->bytes);
    *b = (Buffer){0};
}
