/* A small HTTP/1.1 server: one thread, epoll, kept connections, one answer.
 *
 * It listens on $PORT (8080 if unset) on every address, answers each request with the same 128 bytes, and ends at
 * SIGTERM. Requests with a body are answered and their connection closed, so that a body is never read as a request. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_HEAD = 8192, MAX_CONNECTIONS = 1024, BODY = 128 };

/* What has been received of a connection's requests and not been answered yet. */
struct connection {
    size_t length;
    char bytes[MAX_HEAD + 1];
};

static struct connection *connections[MAX_CONNECTIONS]; /* by descriptor */
static char answer[BODY + 256], last_answer[BODY + 256];

static void make_answers(void) {
    const char *function = getenv("TORPOR_FUNCTION");
    char body[BODY + 1];
    memset(body, '.', BODY);
    body[BODY - 1] = '\n';
    body[BODY] = 0;
    int n = snprintf(body, BODY, "Hello from %.60s. I was asleep until you called ", function ? function : "hello");
    if (n > 0 && n < BODY) body[n] = '.';
    const char *head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n%s\r\n%s";
    snprintf(answer, sizeof answer, head, BODY, "", body);
    snprintf(last_answer, sizeof last_answer, head, BODY, "Connection: close\r\n", body);
}

static int listen_on(int port) {
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr *address = (struct sockaddr *)&any6;
    socklen_t size = sizeof any6;
    if (fd < 0) { /* a host without IPv6 */
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        address = (struct sockaddr *)&any4;
        size = sizeof any4;
    }
    int on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 || bind(fd, address, size) < 0 ||
        listen(fd, SOMAXCONN) < 0) {
        fprintf(stderr, "cannot listen on port %d: %s\n", port, strerror(errno));
        exit(1);
    }
    return fd;
}

static void hang_up(int fd) {
    free(connections[fd]);
    connections[fd] = NULL;
    close(fd);
}

static void accept_one(int listener, int epoll) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    if (fd >= MAX_CONNECTIONS || !(connections[fd] = calloc(1, sizeof *connections[fd]))) {
        close(fd);
        return;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) hang_up(fd);
}

/* Whether this is the connection's last request: the client says so, or a body follows that is not going to be read. */
static bool is_last(const char *head) {
    return strcasestr(head, "\r\nConnection: close") || strcasestr(head, "\r\nTransfer-Encoding:") ||
           (strcasestr(head, "\r\nContent-Length:") && !strcasestr(head, "\r\nContent-Length: 0\r"));
}

/* Answers every complete head that has arrived. Returns false when the connection is over. */
static bool serve(int fd) {
    struct connection *c = connections[fd];
    ssize_t n = read(fd, c->bytes + c->length, MAX_HEAD - c->length);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) return false;
    c->length += (size_t)n;
    c->bytes[c->length] = 0;

    char *start = c->bytes, *end;
    while ((end = strstr(start, "\r\n\r\n"))) {
        end[2] = 0; /* one head is one string */
        bool last = is_last(start);
        const char *text = last ? last_answer : answer;
        size_t size = strlen(text);
        if (write(fd, text, size) != (ssize_t)size) return false; /* the client does not read its answers */
        if (last) {
            shutdown(fd, SHUT_WR);
            return false;
        }
        start = end + 4;
    }
    c->length -= (size_t)(start - c->bytes);
    memmove(c->bytes, start, c->length);
    return c->length < MAX_HEAD;
}

static void finish(int signal) {
    (void)signal;
    _exit(0);
}

int main(void) {
    const char *text = getenv("PORT");
    int port = text ? atoi(text) : 8080;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, finish);
    make_answers();
    int listener = listen_on(port);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0) {
        perror("epoll");
        return 1;
    }
    for (;;) {
        struct epoll_event events[64];
        int count = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener)
                accept_one(listener, epoll);
            else if (!serve(fd))
                hang_up(fd);
        }
    }
}
