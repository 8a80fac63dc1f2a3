/* What both measuring programs need of HTTP/1.1: to connect, and to find where an answer ends.
 *
 * Answers have a Content-Length and fit into the caller's buffer; anything else is a wrong set-up. */
#ifndef TORPOR_BENCH_HTTP_H
#define TORPOR_BENCH_HTTP_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ANSWER = 8192 };

static inline int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* A connected TCP socket without Nagle's delay, or -1 with errno. */
static inline int dial(const char *address, int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = inet_addr(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0) return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The length of the answer at `bytes`, head and body; 0 while its head is incomplete, -1 if it names none. */
static inline long answer_length(const char *bytes, size_t count) {
    const char *end = memmem(bytes, count, "\r\n\r\n", 4);
    if (!end) return 0;
    for (const char *line = memchr(bytes, '\n', end - bytes); line; line = memchr(line, '\n', end - line)) {
        line++;
        if ((*line | 32) == 'c' && strncasecmp(line, "content-length:", 15) == 0)
            return end + 4 - bytes + strtol(line + 15, NULL, 10);
    }
    return -1;
}

/* The status code of an answer whose head is complete. */
static inline int answer_status(const char *bytes) {
    return strncmp(bytes, "HTTP/1.1 ", 9) == 0 ? atoi(bytes + 9) : 0;
}

#endif
