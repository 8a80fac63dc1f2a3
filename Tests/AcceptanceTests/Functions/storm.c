/* Loads a function through the gateway and checks every answer, byte for byte.
 *
 * storm PORT FUNCTION CLIENTS MAX_BYTES SEED
 *
 * Each line on stdin, `COUNT WINDOW_MS`, is a round: COUNT of the clients send one request each, at random moments of
 * the window, over their kept connections, with a nonce, a body and an answer of random sizes up to MAX_BYTES. When all
 * are answered a line on stdout tells what became of them, in the order of `struct tally`. Ends with stdin. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 64 << 10, MOST_CLIENTS = 1024, MOST_INSTANCES = 1 << 16 };

struct tally {
    long good, lost, wrong, cold, frozen, warm, instances, slowest_ms;
};

struct client {
    pthread_t thread;
    uint64_t random;
    int fd;
    long delay_ms; /* of its request in this round; -1 when it has none */
    size_t end;
    char in[BUFFER + 1];
};

static int port, client_count;
static const char *function;
static long max_bytes;
static char *pattern_source; /* random bytes that request bodies are cut from */
static struct client *clients;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t go = PTHREAD_COND_INITIALIZER, done = PTHREAD_COND_INITIALIZER;
static int pending;
static struct tally total;
static uint64_t seen[MOST_INSTANCES]; /* ids of instances that answered, hashed */

static uint64_t next_word(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

static uint64_t sum(uint64_t hash, const void *bytes, size_t count) {
    const unsigned char *at = bytes;
    for (size_t i = 0; i < count; i++) hash = (hash ^ at[i]) * 0x100000001b3u;
    return hash;
}

static long now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

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

static bool open_connection(struct client *c) {
    if (c->fd >= 0) return true;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {60, 0};
    int one = 1;
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->end = 0;
    return !connect(c->fd, (struct sockaddr *)&to, sizeof to);
}

static void drop_connection(struct client *c) {
    close(c->fd);
    c->fd = -1;
}

/* Few requests are large, many are small, and all sizes occur. */
static long size_of(struct client *c) {
    double u = (double)(next_word(&c->random) >> 11) / 9007199254740992.0;
    return next_word(&c->random) % 5 == 0 ? 0 : (long)((double)max_bytes * u * u * u);
}

static bool send_body(struct client *c, const char *body, long size, bool chunked) {
    if (!chunked) return put(c->fd, body, (size_t)size);
    for (long at = 0; at < size;) {
        long n = 1 + (long)(next_word(&c->random) % 100000);
        if (n > size - at) n = size - at;
        char line[32];
        int length = snprintf(line, sizeof line, "%lx\r\n", n);
        if (!put(c->fd, line, (size_t)length) || !put(c->fd, body + at, (size_t)n) || !put(c->fd, "\r\n", 2)) return false;
        at += n;
    }
    return put(c->fd, "0\r\n\r\n", 5);
}

/* Reads a head to its end; returns its length, or -1. */
static long read_head(struct client *c) {
    for (;;) {
        c->in[c->end] = 0;
        char *end = strstr(c->in, "\r\n\r\n");
        if (end) return end + 4 - c->in;
        if (c->end == BUFFER) return -1;
        ssize_t n = recv(c->fd, c->in + c->end, BUFFER - c->end, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return -1;
        c->end += (size_t)n;
    }
}

/* Compares what comes with what the nonce says: 1 equal, 0 not, -1 broken off. */
static int read_body(struct client *c, uint64_t nonce, long size) {
    uint64_t state = nonce | 1, word = 0;
    bool equal = true;
    for (long at = 0; at < size;) {
        if (!c->end) {
            ssize_t n = recv(c->fd, c->in, size - at < BUFFER ? (size_t)(size - at) : BUFFER, 0);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return -1;
            c->end = (size_t)n;
        }
        size_t n = c->end < (size_t)(size - at) ? c->end : (size_t)(size - at);
        for (size_t i = 0; i < n; i++, at++) {
            if (at % 8 == 0) word = next_word(&state);
            equal &= (char)(word >> (at % 8 * 8)) == c->in[i];
        }
        memmove(c->in, c->in + n, c->end - n);
        c->end -= n;
    }
    return equal;
}

static uint64_t field(const char *head, const char *name) {
    const char *at = strcasestr(head, name);
    return at ? strtoull(at + strlen(name), NULL, 10) : UINT64_MAX;
}

static void note_instance(const char *head) {
    const char *at = strcasestr(head, "X-Instance: ");
    if (!at) return;
    uint64_t id = sum(0xcbf29ce484222325u, at + 12, 12) | 1;
    for (size_t i = id % MOST_INSTANCES;; i = (i + 1) % MOST_INSTANCES) {
        if (seen[i] == id) return;
        if (!seen[i]) {
            seen[i] = id;
            total.instances++;
            return;
        }
    }
}

static void complain(const struct client *c, const char *what, long status) {
    fprintf(stderr, "client %ld: %s (%ld, errno %s)\n%.*s\n", (long)(c - clients), what, status, strerrorname_np(errno),
            status ? 600 : 0, c->in);
}

static void note(const char *head, long elapsed) {
    pthread_mutex_lock(&lock);
    total.good++;
    if (strstr(head, "desc=\"cold\"")) total.cold++;
    if (strstr(head, "desc=\"frozen\"")) total.frozen++;
    if (strstr(head, "desc=\"warm\"")) total.warm++;
    if (elapsed > total.slowest_ms) total.slowest_ms = elapsed;
    note_instance(head);
    pthread_mutex_unlock(&lock);
}

static void count(long *which) {
    pthread_mutex_lock(&lock);
    ++*which;
    pthread_mutex_unlock(&lock);
}

static void one_request(struct client *c) {
    uint64_t nonce = next_word(&c->random);
    long size = size_of(c), answer = size_of(c);
    bool chunked = size && next_word(&c->random) % 4 == 0;
    const char *body = pattern_source + nonce % (uint64_t)max_bytes;
    char head[1024], length[64];
    snprintf(length, sizeof length, chunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: %ld\r\n", size);
    int n = snprintf(
        head, sizeof head, "POST /function/%s/echo HTTP/1.1\r\nHost: storm\r\nX-Nonce: %llu\r\nX-Answer-Bytes: %ld\r\n%s\r\n",
        function, (unsigned long long)nonce, answer, length);
    long begin = now_ms(), status = 0;
    errno = 0;
    if (!open_connection(c) || !put(c->fd, head, (size_t)n) || !send_body(c, body, size, chunked)) {
        complain(c, "the request could not be sent", 0);
        count(&total.lost);
        drop_connection(c);
        return;
    }
    long head_length = read_head(c);
    if (head_length > 0) status = strtol(c->in + 9, NULL, 10);
    if (status != 200) {
        complain(c, head_length < 0 ? "no answer" : "refused", status);
        count(&total.lost);
        drop_connection(c);
        return;
    }
    char answer_head[4096];
    snprintf(answer_head, sizeof answer_head, "%.*s", (int)head_length, c->in);
    memmove(c->in, c->in + head_length, c->end - (size_t)head_length);
    c->end -= (size_t)head_length;
    bool matches = field(answer_head, "X-Nonce: ") == nonce && field(answer_head, "X-Body-Bytes: ") == (uint64_t)size
        && field(answer_head, "X-Body-Sum: ") == sum(0xcbf29ce484222325u, body, (size_t)size)
        && field(answer_head, "Content-Length: ") == (uint64_t)answer;
    int equal = matches ? read_body(c, nonce, answer) : 0;
    if (equal == 1) {
        note(answer_head, now_ms() - begin);
        if (strcasestr(answer_head, "connection: close")) drop_connection(c);
        return;
    }
    complain(c, equal < 0 ? "the answer broke off" : "a wrong answer", 0);
    fprintf(stderr, "%s\n", answer_head);
    count(equal < 0 ? &total.lost : &total.wrong);
    drop_connection(c);
}

static void *live(void *argument) {
    struct client *c = argument;
    pthread_mutex_lock(&lock);
    for (;;) {
        while (c->delay_ms < 0) pthread_cond_wait(&go, &lock);
        long delay = c->delay_ms;
        pthread_mutex_unlock(&lock);
        usleep((useconds_t)delay * 1000);
        one_request(c);
        pthread_mutex_lock(&lock);
        c->delay_ms = -1;
        if (--pending == 0) pthread_cond_signal(&done);
    }
    return NULL;
}

/* Lets `count` clients, chosen at random, make a request within the window, and waits for them. */
static void run_round(uint64_t *random, int count, long window) {
    pthread_mutex_lock(&lock);
    pending = count < client_count ? count : client_count;
    for (int chosen = 0; chosen < pending;) {
        struct client *c = &clients[next_word(random) % (uint64_t)client_count];
        if (c->delay_ms >= 0) continue;
        c->delay_ms = (long)(next_word(random) % (uint64_t)(window + 1));
        chosen++;
    }
    pthread_cond_broadcast(&go);
    while (pending) pthread_cond_wait(&done, &lock);
    printf("%ld %ld %ld %ld %ld %ld %ld %ld\n", total.good, total.lost, total.wrong, total.cold, total.frozen, total.warm,
           total.instances, total.slowest_ms);
    fflush(stdout);
    pthread_mutex_unlock(&lock);
}

int main(int count, char **arguments) {
    if (count != 6) return 2;
    port = atoi(arguments[1]);
    function = arguments[2];
    client_count = atoi(arguments[3]);
    max_bytes = atol(arguments[4]);
    uint64_t random = strtoull(arguments[5], NULL, 10) | 1;
    clients = calloc(MOST_CLIENTS, sizeof *clients);
    pattern_source = malloc((size_t)max_bytes * 2);
    if (!clients || !pattern_source || client_count < 1 || client_count > MOST_CLIENTS || max_bytes < 1) return 2;
    for (long i = 0; i < max_bytes * 2; i++) pattern_source[i] = (char)(next_word(&random) >> 32);
    for (int i = 0; i < client_count; i++) {
        clients[i] = (struct client){.random = next_word(&random) | 1, .fd = -1, .delay_ms = -1};
        if (pthread_create(&clients[i].thread, NULL, live, &clients[i])) return 1;
    }
    for (int size; scanf("%d", &size) == 1;) {
        long window;
        if (scanf("%ld", &window) != 1) return 2;
        run_round(&random, size, window);
    }
    return 0;
}
