/* Puts load on an HTTP/1.1 server over kept connections; one thread, epoll.
 *
 *   load ADDRESS PORT PATH CONNECTIONS SECONDS RATE
 *
 * RATE 0: each connection sends its next request as soon as the last one is answered. Otherwise RATE requests
 * a second are sent at a constant pace over whichever connections are free, and latency is counted from the
 * moment a request was due, so that a server which stalls is charged for those that had to wait.
 *
 * The first half second warms up: it is in `answers` (to divide CPU time by) but not in the rest. Prints one
 * line of JSON: answers, rate (per second), p50, p99 (microseconds), failures (no answer, or not 200). */
#define _GNU_SOURCE
#include "http.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

enum {
    MAX_CONNECTIONS = 4096,
    BUCKETS = 1 << 20, /* one per microsecond; what is slower is counted in the last */
    MAX_FAILURES = 1000,
};
static const int64_t WARM_UP = 500000000;

struct connection {
    int fd;
    int64_t due;
    size_t count;
    char bytes[MAX_ANSWER + 1];
};

static struct connection connections[MAX_CONNECTIONS];
static int idle[MAX_CONNECTIONS], idle_count;
static uint32_t buckets[BUCKETS];
static long answers, counted, failures;
static char text[1024];
static int text_size, epoll;
static const char *address;
static int port;

static void open_connection(int index) {
    struct connection *c = &connections[index];
    c->fd = dial(address, port);
    c->count = 0;
    if (c->fd < 0) {
        fprintf(stderr, "load: cannot connect to %s:%d: %s\n", address, port, strerror(errno));
        exit(1);
    }
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
    epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
}

static void send_on(int index, int64_t due) {
    connections[index].due = due;
    ssize_t sent = send(connections[index].fd, text, text_size, MSG_NOSIGNAL);
    (void)sent; /* after an error the connection becomes readable, and is counted as failed there */
}

static void fail_connection(int index) {
    if (++failures > MAX_FAILURES) {
        fprintf(stderr, "load: %d failures, given up\n", MAX_FAILURES);
        exit(1);
    }
    close(connections[index].fd);
    open_connection(index);
}

/* Reads what has come. True when the connection may send its next request. */
static bool receive(int index, int64_t counted_from) {
    struct connection *c = &connections[index];
    ssize_t n = recv(c->fd, c->bytes + c->count, MAX_ANSWER - c->count, 0);
    if (n <= 0) {
        fail_connection(index);
        return true;
    }
    c->count += n;
    c->bytes[c->count] = 0;
    long length = answer_length(c->bytes, c->count);
    if (length == 0 || (length > 0 && c->count < (size_t)length)) {
        if (c->count < MAX_ANSWER) return false;
        length = -1;
    }
    if (length < 0 || c->count > (size_t)length) {
        fail_connection(index);
        return true;
    }
    int64_t now = now_ns();
    answers++;
    if (answer_status(c->bytes) != 200) {
        failures++;
    } else if (c->due >= counted_from) {
        int64_t microseconds = (now - c->due) / 1000;
        buckets[microseconds < BUCKETS ? microseconds : BUCKETS - 1]++;
        counted++;
    }
    c->count = 0;
    return true;
}

static long percentile(double share) {
    long rank = (long)(counted * share), seen = 0;
    for (long i = 0; i < BUCKETS; i++)
        if ((seen += buckets[i]) > rank) return i;
    return BUCKETS;
}

/* Sends what is due at `now`. Returns when the next one is due. */
static int64_t send_due(int64_t next, int64_t step, int64_t now) {
    while (next <= now && idle_count > 0) {
        send_on(idle[--idle_count], next);
        next += step;
    }
    return next;
}

int main(int argc, char **argv) {
    if (argc != 7) {
        fprintf(stderr, "usage: load ADDRESS PORT PATH CONNECTIONS SECONDS RATE\n");
        return 2;
    }
    address = argv[1];
    port = atoi(argv[2]);
    int count = atoi(argv[4]);
    double seconds = atof(argv[5]), rate = atof(argv[6]);
    if (count < 1 || count > MAX_CONNECTIONS || seconds <= 0 || rate < 0) return 2;
    text_size =
        snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: %s:%d\r\n\r\n", argv[3], address, port);
    prctl(PR_SET_TIMERSLACK, 1UL); /* the pace is kept to microseconds */

    epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < count; i++) open_connection(i);
    int64_t start = now_ns(), counted_from = start + WARM_UP, end = counted_from + (int64_t)(seconds * 1e9);
    int64_t step = rate > 0 ? (int64_t)(1e9 / rate) : 0, next = start;
    for (int i = 0; i < count; i++) {
        if (rate > 0)
            idle[idle_count++] = i;
        else
            send_on(i, now_ns());
    }

    for (int64_t now = start; now < end; now = now_ns()) {
        struct timespec wait = {.tv_nsec = 100000000};
        if (rate > 0) {
            next = send_due(next, step, now);
            int64_t left = next > now ? next - now : 0;
            if (idle_count > 0) wait.tv_nsec = left < 100000000 ? left : 100000000;
        }
        struct epoll_event events[256];
        int ready = epoll_pwait2(epoll, events, 256, &wait, NULL);
        for (int i = 0; i < ready; i++) {
            int index = events[i].data.u32;
            if (!receive(index, counted_from)) continue;
            if (rate > 0)
                idle[idle_count++] = index;
            else
                send_on(index, now_ns());
        }
    }
    if (counted == 0) {
        fprintf(stderr, "load: no answer from %s:%d%s\n", address, port, argv[3]);
        return 1;
    }
    printf("{\"answers\": %ld, \"rate\": %.1f, \"p50\": %ld, \"p99\": %ld, \"failures\": %ld}\n", answers,
        counted / seconds, percentile(0.5), percentile(0.99), failures);
    return 0;
}
