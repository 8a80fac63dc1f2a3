/* The function of the system tests: an HTTP server, one request at a time, that does what the path says; in mode exec, a
 * command that does what PATH_INFO says.
 *
 *   /           answers "ok"
 *   /memory/N   touches N MiB and answers how many
 *   /read/N     reads N MiB of the file /data, which stay in the page cache, and answers how many
 *   /line       answers the first line of the file /data
 *   /spin/MS    counts in a loop for MS milliseconds of wall time and answers the count
 *   /direct/N   writes N MiB to /data/file past the page cache and answers the milliseconds that took
 *   /fill       writes to /file until there is no room, at most 100 MiB, and answers the errno and how many MiB
 *   /fork       forks sleeping children until it may not, and answers how many there were
 *   /crash      ends without an answer */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long long milliseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static long touch(long mebibytes) {
    for (long i = 0; i < mebibytes; i++) {
        char *block = malloc(1 << 20);
        if (!block) return i;
        memset(block, (int)i | 1, 1 << 20);
    }
    return mebibytes;
}

static long read_data(long mebibytes) {
    static char block[1 << 20];
    FILE *file = fopen("/data", "r");
    long done = 0;
    while (file && done < mebibytes && fread(block, sizeof block, 1, file) == 1) done++;
    if (file) fclose(file);
    return done;
}

static void first_line(char body[64]) {
    FILE *file = fopen("/data", "r");
    if (!file || !fgets(body, 64, file)) strcpy(body, "no line\n");
    if (file) fclose(file);
}

static long spin(long duration) {
    long long end = milliseconds() + duration;
    volatile long count = 0;
    while (milliseconds() < end)
        for (int i = 0; i < 10000; i++) count++;
    return count / 10000;
}

static long write_direct(long mebibytes) {
    static char block[1 << 20] __attribute__((aligned(4096)));
    long long begun = milliseconds();
    int fd = open("/data/file", O_WRONLY | O_CREAT | O_DIRECT, 0644);
    for (long i = 0; fd >= 0 && i < mebibytes; i++)
        if (write(fd, block, sizeof block) != sizeof block) return -1;
    if (fd < 0 || close(fd) < 0) return -1;
    return milliseconds() - begun;
}

static void fill(char body[64]) {
    static char block[1 << 16];
    long long bytes = 0, most = 100LL << 20;
    int fd = open("/file", O_WRONLY | O_CREAT, 0644);
    ssize_t n = fd < 0 ? -1 : 0;
    while (n >= 0 && bytes < most) {
        n = write(fd, block, sizeof block);
        if (n > 0) bytes += n;
    }
    snprintf(body, 64, "%s %lld\n", n < 0 ? strerrorname_np(errno) : "no error", bytes >> 20);
    if (fd >= 0) close(fd);
}

static long fork_all(void) {
    static pid_t children[100000];
    long count = 0;
    while (count < 100000) {
        pid_t child = fork();
        if (child < 0) break;
        if (child == 0)
            for (;;) pause();
        children[count++] = child;
    }
    for (long i = 0; i < count; i++) kill(children[i], SIGKILL);
    return count;
}

static void work(const char *path, char body[64]) {
    strcpy(body, "ok\n");
    if (!strncmp(path, "/memory/", 8)) snprintf(body, 64, "%ld\n", touch(atol(path + 8)));
    else if (!strncmp(path, "/read/", 6)) snprintf(body, 64, "%ld\n", read_data(atol(path + 6)));
    else if (!strcmp(path, "/line")) first_line(body);
    else if (!strncmp(path, "/spin/", 6)) snprintf(body, 64, "%ld\n", spin(atol(path + 6)));
    else if (!strncmp(path, "/direct/", 8)) snprintf(body, 64, "%ld\n", write_direct(atol(path + 8)));
    else if (!strcmp(path, "/fill")) fill(body);
    else if (!strncmp(path, "/fork", 5)) snprintf(body, 64, "%ld\n", fork_all());
    else if (!strncmp(path, "/crash", 6)) _exit(3);
}

static void answer(int fd, const char *path) {
    char body[64], head[256];
    work(path, body);
    int n = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                     strlen(body), body);
    if (write(fd, head, (size_t)n) != n) perror("write");
}

int main(void) {
    const char *text = getenv("PORT");
    if (getenv("GATEWAY_INTERFACE")) {
        char body[64];
        work(getenv("PATH_INFO") ? getenv("PATH_INFO") : "/", body);
        return fputs(body, stdout) < 0;
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(text ? atoi(text) : 8080)};
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (void *)&address, sizeof address) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    for (;;) {
        char head[8192] = "", path[1024] = "/";
        int fd = accept(listener, NULL, NULL);
        size_t length = 0;
        while (length < sizeof head - 1 && !strstr(head, "\r\n\r\n")) {
            ssize_t n = read(fd, head + length, sizeof head - 1 - length);
            if (n <= 0) break;
            length += (size_t)n;
            head[length] = 0;
        }
        if (sscanf(head, "%*s %1023s", path) == 1) answer(fd, path);
        close(fd);
    }
}
