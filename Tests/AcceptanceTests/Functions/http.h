/* As much HTTP/1.1 as behave.c needs: heads, bodies in both framings, answers that name where they came from. */
#pragma once
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX = 64 << 10, CHUNK = 64 << 10 };

struct connection {
    int fd;
    char in[HEAD_MAX + 1];
    size_t start, end; /* unread input */
};

struct request {
    char *method, *path, *query, *head;
    bool chunked, expects_continue, closes;
    long long length;     /* of the body; -1 when chunked */
    uint64_t nonce;       /* X-Nonce */
    long long answer;     /* X-Answer-Bytes; -1 when absent */
    long long body_bytes; /* read so far */
    uint64_t body_sum;
};

static const char *instance, *revision; /* in every answer */

/* --- bytes ------------------------------------------------------------------------------------------------------ */

static bool put(int fd, const void *bytes, size_t count) {
    const char *at = bytes;
    while (count) {
        ssize_t n = send(fd, at, count, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        count -= (size_t)n;
    }
    return true;
}

/* Reads more input; false at the end. */
static bool fill(struct connection *c) {
    if (c->start) {
        memmove(c->in, c->in + c->start, c->end - c->start);
        c->end -= c->start;
        c->start = 0;
    }
    if (c->end == HEAD_MAX) return false;
    ssize_t n;
    do n = recv(c->fd, c->in + c->end, HEAD_MAX - c->end, 0);
    while (n < 0 && errno == EINTR);
    if (n <= 0) return false;
    c->end += (size_t)n;
    c->in[c->end] = 0;
    return true;
}

/* FNV-1a, continued. */
static uint64_t sum(uint64_t hash, const void *bytes, size_t count) {
    const unsigned char *at = bytes;
    for (size_t i = 0; i < count; i++) hash = (hash ^ at[i]) * 0x100000001b3u;
    return hash;
}

/* The bytes of an answer follow from its nonce alone (xorshift64*), so that the client knows them. */
static uint64_t next_word(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

/* --- requests --------------------------------------------------------------------------------------------------- */

static const char *header(const struct request *r, const char *name) {
    size_t length = strlen(name);
    for (const char *line = r->head; line && *line;) {
        if (!strncasecmp(line, name, length) && line[length] == ':') {
            line += length + 1;
            while (*line == ' ' || *line == '\t') line++;
            return line;
        }
        line = strstr(line, "\r\n");
        if (line) line += 2;
    }
    return NULL;
}

static bool says(const char *value, const char *word) {
    return value && !strncasecmp(value, word, strlen(word));
}

/* A query's value, decoded in place into a static-per-thread buffer. */
static const char *parameter(const struct request *r, const char *name, const char *fallback) {
    static __thread char value[4][4096];
    static __thread int turn;
    char *out = value[turn++ & 3];
    size_t length = strlen(name);
    for (const char *at = r->query; at && *at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL) {
        if (strncmp(at, name, length) || at[length] != '=') continue;
        char *to = out;
        for (at += length + 1; *at && *at != '&' && to < out + 4095; at++) {
            unsigned byte;
            if (*at == '%' && sscanf(at + 1, "%2x", &byte) == 1) {
                *to++ = (char)byte;
                at += 2;
            } else {
                *to++ = *at == '+' ? ' ' : *at;
            }
        }
        *to = 0;
        return out;
    }
    return fallback;
}

static long long number(const struct request *r, const char *name, long long fallback) {
    const char *text = parameter(r, name, NULL);
    return text ? atoll(text) : fallback;
}

static bool read_head(struct connection *c, struct request *r, char *head) {
    char *end;
    while (c->end == c->start || !(end = strstr(c->in + c->start, "\r\n\r\n")))
        if (!fill(c)) return false;
    size_t length = (size_t)(end + 4 - (c->in + c->start));
    memcpy(head, c->in + c->start, length);
    head[length] = 0;
    c->start += length;
    memset(r, 0, sizeof *r);
    r->method = head;
    char *line = strstr(head, "\r\n");
    *line = 0;
    r->head = line + 2;
    char *path = strchr(head, ' ');
    if (!path) return false;
    *path++ = 0;
    char *version = strchr(path, ' ');
    if (version) *version = 0;
    r->path = path;
    r->query = strchr(path, '?');
    if (r->query) *r->query++ = 0;
    r->chunked = says(header(r, "Transfer-Encoding"), "chunked");
    const char *text = header(r, "Content-Length");
    r->length = r->chunked ? -1 : text ? atoll(text) : 0;
    text = header(r, "X-Nonce");
    r->nonce = text ? strtoull(text, NULL, 10) : 0;
    text = header(r, "X-Answer-Bytes");
    r->answer = text ? atoll(text) : -1;
    r->expects_continue = says(header(r, "Expect"), "100-continue");
    r->closes = says(header(r, "Connection"), "close");
    r->body_sum = 0xcbf29ce484222325u;
    return true;
}

typedef bool sink(void *to, const char *bytes, size_t count);

/* Passes `count` bytes of the body on, from what was read or from the socket. */
static bool take(struct connection *c, struct request *r, long long count, sink *to, void *argument) {
    while (count > 0) {
        if (c->start == c->end && !fill(c)) return false;
        size_t n = c->end - c->start;
        if ((long long)n > count) n = (size_t)count;
        r->body_sum = sum(r->body_sum, c->in + c->start, n);
        r->body_bytes += (long long)n;
        if (to && !to(argument, c->in + c->start, n)) return false;
        c->start += n;
        count -= (long long)n;
    }
    return true;
}

static bool read_line(struct connection *c, char *line, size_t size) {
    char *end;
    while (c->end == c->start || !(end = memmem(c->in + c->start, c->end - c->start, "\r\n", 2)))
        if (!fill(c)) return false;
    size_t length = (size_t)(end - (c->in + c->start));
    if (length >= size) return false;
    memcpy(line, c->in + c->start, length);
    line[length] = 0;
    c->start += length + 2;
    return true;
}

static bool read_body(struct connection *c, struct request *r, sink *to, void *argument) {
    if (r->expects_continue && !put(c->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25)) return false;
    if (!r->chunked) return take(c, r, r->length, to, argument);
    for (char line[256];;) {
        if (!read_line(c, line, sizeof line)) return false;
        long long size = strtoll(line, NULL, 16);
        if (size == 0) break;
        if (!take(c, r, size, to, argument) || !read_line(c, line, sizeof line) || *line) return false;
    }
    for (char line[256]; read_line(c, line, sizeof line);)
        if (!*line) return true;
    return false;
}

/* --- answers ---------------------------------------------------------------------------------------------------- */

static bool answer_head(struct connection *c, const struct request *r, const char *status, long long length) {
    char head[1024];
    int n = snprintf(
        head, sizeof head,
        "HTTP/1.1 %s\r\nX-Instance: %s\r\nX-Revision: %s\r\nX-Nonce: %llu\r\nX-Body-Bytes: %lld\r\n"
        "X-Body-Sum: %llu\r\n",
        status, instance, revision, (unsigned long long)r->nonce, r->body_bytes, (unsigned long long)r->body_sum);
    n += length >= 0 ? snprintf(head + n, sizeof head - (size_t)n, "Content-Length: %lld\r\n\r\n", length)
                     : snprintf(head + n, sizeof head - (size_t)n, "Transfer-Encoding: chunked\r\n\r\n");
    return put(c->fd, head, (size_t)n);
}

static bool answer(struct connection *c, const struct request *r, const char *status, const void *body, size_t length) {
    return answer_head(c, r, status, (long long)length) && (!strcmp(r->method, "HEAD") || put(c->fd, body, length));
}

__attribute__((format(printf, 3, 4)))
static bool answer_text(struct connection *c, const struct request *r, const char *format, ...) {
    char text[4096];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return answer(c, r, "200 OK", text, (size_t)n);
}

static bool put_chunk(struct connection *c, const void *bytes, size_t count) {
    char line[32];
    int n = snprintf(line, sizeof line, "%zx\r\n", count);
    return put(c->fd, line, (size_t)n) && put(c->fd, bytes, count) && put(c->fd, "\r\n", 2);
}

/* Bytes that follow from the nonce, as many as asked. */
static bool put_pattern(struct connection *c, uint64_t nonce, long long count) {
    uint64_t state = nonce | 1;
    uint64_t words[CHUNK / 8];
    while (count > 0) {
        size_t n = count < CHUNK ? (size_t)count : CHUNK;
        for (size_t i = 0; i < (n + 7) / 8; i++) words[i] = next_word(&state);
        if (!put(c->fd, words, n)) return false;
        count -= (long long)n;
    }
    return true;
}

struct kept {
    char *bytes;
    size_t count;
};

static bool keep(void *to, const char *bytes, size_t count) {
    struct kept *k = to;
    char *more = realloc(k->bytes, k->count + count);
    if (!more) return false;
    memcpy(more + k->count, bytes, count);
    k->bytes = more;
    k->count += count;
    return true;
}

static bool pass_chunk(void *to, const char *bytes, size_t count) { return put_chunk(to, bytes, count); }
