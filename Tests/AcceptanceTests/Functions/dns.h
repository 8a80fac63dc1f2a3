/* Asks the name server of /etc/resolv.conf, or another, as resolvers do. */
#pragma once
#include "http.h"

#include <arpa/inet.h>
#include <netinet/in.h>

enum { DNS_HEAD = 12, DNS_MAX = 65535 };

static bool find_name_server(struct sockaddr_in *to) {
    char line[256], address[64] = "";
    FILE *file = fopen("/etc/resolv.conf", "re");
    while (file && !*address && fgets(line, sizeof line, file)) sscanf(line, "nameserver %63s", address);
    if (file) fclose(file);
    return inet_pton(AF_INET, address, &to->sin_addr) == 1;
}

static size_t make_query(unsigned char *q, const char *name, unsigned type, unsigned id) {
    const unsigned char head[DNS_HEAD] = {(unsigned char)(id >> 8), (unsigned char)id, 1, 0, 0, 1};
    memcpy(q, head, sizeof head);
    size_t n = sizeof head;
    while (*name && n < 256) {
        size_t length = strcspn(name, ".");
        q[n++] = (unsigned char)length;
        memcpy(q + n, name, length);
        n += length;
        name += length + (name[length] == '.');
    }
    const unsigned char tail[5] = {0, 0, (unsigned char)type, 0, 1};
    memcpy(q + n, tail, sizeof tail);
    return n + sizeof tail;
}

/* One query and its answer: its length, or -1 with errno. */
static ssize_t ask(int fd, bool tcp, const unsigned char *q, size_t length, unsigned char *a) {
    if (!tcp) return send(fd, q, length, 0) < 0 ? -1 : recv(fd, a, DNS_MAX, 0);
    const unsigned char size[2] = {(unsigned char)(length >> 8), (unsigned char)length};
    if (!put(fd, size, 2) || !put(fd, q, length) || recv(fd, a, 2, MSG_WAITALL) != 2) return -1;
    return recv(fd, a, (size_t)(a[0] << 8 | a[1]), MSG_WAITALL);
}

/* "CODE BYTES [truncated] ADDRESS…", or the error. Parameters: name, type, tcp, port, server, seconds; with count so many
 * queries are only sent, each for a name of its own. */
static bool answer_resolve(struct connection *c, const struct request *r) {
    static __thread unsigned char q[DNS_HEAD + 512], a[DNS_MAX];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number(r, "port", 53))};
    char name[256];
    snprintf(name, sizeof name, "%s", parameter(r, "name", "localhost"));
    const char *server = parameter(r, "server", "");
    if (*server ? inet_pton(AF_INET, server, &to.sin_addr) != 1 : !find_name_server(&to)) return answer_text(c, r, "no server");
    bool tcp = number(r, "tcp", 0);
    int fd = socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
    struct timeval limit = {number(r, "seconds", 10), 0};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ssize_t n = connect(fd, (struct sockaddr *)&to, sizeof to);
    long long count = number(r, "count", 0);
    for (long long i = 0; !n && i < count; i++) {
        char own[300];
        snprintf(own, sizeof own, "n%lld.%s", i, name);
        (void)send(fd, q, make_query(q, own, 1, (unsigned)i), 0);
    }
    if (!n && !count) n = ask(fd, tcp, q, make_query(q, name, (unsigned)number(r, "type", 1), 4711), a);
    int error = errno;
    close(fd);
    if (n < 0) return answer_text(c, r, "%s", strerrorname_np(error));
    if (count) return answer_text(c, r, "sent");
    if (n < DNS_HEAD || (a[0] << 8 | a[1]) != 4711) return answer_text(c, r, "no answer");
    char text[4096];
    int at = snprintf(text, sizeof text, "%d %zd%s", a[3] & 15, n, a[2] & 2 ? " truncated" : "");
    /* Behind the head and the question, which is as long as the query's, each record has 16 bytes. */
    unsigned char *record = a + make_query(q, name, 1, 0);
    for (int i = a[6] << 8 | a[7]; i > 0 && record + 16 <= a + n && at < 4000; i--, record += 16)
        at += snprintf(text + at, sizeof text - (size_t)at, " %d.%d.%d.%d", record[12], record[13], record[14], record[15]);
    return answer_text(c, r, "%s", text);
}
