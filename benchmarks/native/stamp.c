#include "stamp.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

Acks *acks_map(const char *path) {
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(Acks)) != 0) {
        perror(path);
        exit(1);
    }
    Acks *acks = mmap(NULL, sizeof(Acks), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (acks == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    close(fd);
    return acks;
}
