/* A function that behaves as it is told: by environment variables for its whole life, by the request's path for one
 * answer. HTTP/1.1 with keep-alive, one thread per connection. Each answer names the instance and revision it came from.
 *
 * Environment: LISTEN=never, LISTEN_DELAY_MS, BIND=ADDRESS, EXIT_CODE, IGNORE_TERM=1, FLOOD=1, CHILDREN=N, HELLO=TEXT.
 */
#define _GNU_SOURCE
#include "dns.h"
#include "http.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static const char *hello;
static unsigned long long served;

static void pause_ms(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&t, &t) && errno == EINTR) {}
}

static long number_of(const char *name, long fallback) {
    const char *text = getenv(name);
    return text ? atol(text) : fallback;
}

static bool answer_file(struct connection *c, const struct request *r, const char *path) {
    struct kept k = {0};
    char bytes[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = -1;
    while (fd >= 0 && (n = read(fd, bytes, sizeof bytes)) > 0) keep(&k, bytes, (size_t)n);
    int error = errno;
    if (fd >= 0) close(fd);
    bool done;
    if (n < 0) {
        const char *name = strerrorname_np(error);
        done = answer(c, r, "500 Internal Server Error", name, strlen(name));
    } else {
        done = answer(c, r, "200 OK", k.bytes, k.count);
    }
    free(k.bytes);
    return done;
}

static bool answer_error(struct connection *c, const struct request *r, int result) {
    return answer_text(c, r, "%s", result < 0 ? strerrorname_np(errno) : "done");
}

/* Speaks to another host: connects, asks for the path get if there is one, answers with what comes, or the error. */
static bool answer_connect(struct connection *c, const struct request *r) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number(r, "port", 80))};
    inet_pton(AF_INET, parameter(r, "host", "127.0.0.1"), &to.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {2, 0};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    char bytes[1024];
    ssize_t n = -1;
    const char *get = parameter(r, "get", "");
    if (!connect(fd, (struct sockaddr *)&to, sizeof to)) {
        if (*get) dprintf(fd, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", get, parameter(r, "name", "torpor-gateway"));
        n = recv(fd, bytes, sizeof bytes, 0);
    }
    bool done = n >= 0 ? answer(c, r, "200 OK", bytes, (size_t)n) : answer_error(c, r, -1);
    close(fd);
    return done;
}

/* Whether a socket of this family and type is given to it. */
static bool answer_socket(struct connection *c, const struct request *r) {
    int fd = socket((int)number(r, "family", AF_INET), (int)number(r, "type", SOCK_STREAM) | SOCK_CLOEXEC,
                    (int)number(r, "protocol", 0));
    bool done = answer_error(c, r, fd);
    if (fd >= 0) close(fd);
    return done;
}

static void make_children(long count) {
    for (long i = 0; i < count; i++)
        if (!fork())
            for (;;) pause();
}

static bool write_lines(const struct request *r) {
    FILE *to = says(parameter(r, "stream", "stdout"), "stderr") ? stderr : stdout;
    long long lines = number(r, "lines", 1);
    const char *text = parameter(r, "text", "line");
    for (long long i = 0; i < lines; i++) fprintf(to, lines > 1 ? "%s %lld\n" : "%s\n", text, i);
    return !fflush(to);
}

static void *allocate(long long megabytes) {
    char *memory = malloc((size_t)megabytes << 20);
    if (memory) memset(memory, 1, (size_t)megabytes << 20);
    return memory;
}

/* Those that do not read the body first, or do not answer as they should. False closes the connection. */
static int misbehave(struct connection *c, struct request *r) {
    const char *path = r->path;
    if (!strcmp(path, "/crash")) abort();
    if (!strcmp(path, "/exit")) _exit((int)number(r, "code", 1));
    if (!strcmp(path, "/close")) return false;
    if (!strcmp(path, "/garbage")) {
        put(c->fd, "\x16\x03\x01 this is no HTTP at all\r\n\r\n", 27);
        return false;
    }
    if (!strcmp(path, "/short")) {
        answer_head(c, r, "200 OK", number(r, "bytes", 1000));
        put(c->fd, "only this", 9);
        return false;
    }
    if (!strcmp(path, "/crash-mid")) {
        answer_head(c, r, "200 OK", 1000);
        put(c->fd, "only this", 9);
        pause_ms(100);
        abort();
    }
    if (!strcmp(path, "/early")) {
        answer(c, r, "413 Content Too Large", "no", 2);
        shutdown(c->fd, SHUT_WR);
        return false;
    }
    if (!strcmp(path, "/stream")) {
        return answer_head(c, r, "200 OK", -1) && read_body(c, r, pass_chunk, c) && put(c->fd, "0\r\n\r\n", 5);
    }
    return -1;
}

static bool serve(struct connection *c, struct request *r) {
    __atomic_add_fetch(&served, 1, __ATOMIC_RELAXED);
    int done = misbehave(c, r);
    if (done >= 0) return done;
    const char *path = r->path;
    if (!strcmp(path, "/echo")) {
        struct kept k = {0};
        bool read = read_body(c, r, r->answer < 0 ? keep : NULL, &k);
        bool result = read && (r->answer < 0 ? answer(c, r, "200 OK", k.bytes, k.count)
                                             : answer_head(c, r, "200 OK", r->answer)
                                                   && put_pattern(c, r->nonce, r->answer));
        free(k.bytes);
        return result;
    }
    if (!strcmp(path, "/write")) {
        struct kept k = {0};
        if (!read_body(c, r, keep, &k)) return false;
        int fd = open(parameter(r, "path", ""), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        ssize_t n = fd < 0 ? -1 : write(fd, k.bytes, k.count);
        bool result = answer_error(c, r, (int)n);
        if (fd >= 0) close(fd);
        free(k.bytes);
        return result;
    }
    if (!strcmp(path, "/sink-slowly")) pause_ms((long)number(r, "ms", 1000));
    if (!read_body(c, r, NULL, NULL)) return false;
    if (!strcmp(path, "/sleep")) {
        pause_ms((long)number(r, "ms", 100));
        return answer_text(c, r, "slept");
    }
    if (!strcmp(path, "/big")) {
        long long bytes = number(r, "bytes", 1 << 20);
        return answer_head(c, r, "200 OK", bytes) && put_pattern(c, r->nonce, bytes);
    }
    if (!strcmp(path, "/hold")) {
        if (!answer_head(c, r, "200 OK", -1)) return false;
        long long ticks = number(r, "ticks", 1000000);
        for (long long i = 0; i < ticks; i++) {
            if (!put_chunk(c, "tick\n", 5)) return false;
            pause_ms(50);
        }
        return put(c->fd, "0\r\n\r\n", 5);
    }
    if (!strcmp(path, "/read")) return answer_file(c, r, parameter(r, "path", ""));
    if (!strcmp(path, "/stat")) {
        struct stat s;
        if (lstat(parameter(r, "path", ""), &s)) return answer_error(c, r, -1);
        return answer_text(c, r, "%o %u %u", s.st_mode, s.st_uid, s.st_gid);
    }
    if (!strcmp(path, "/connect")) return answer_connect(c, r);
    if (!strcmp(path, "/resolve")) return answer_resolve(c, r);
    if (!strcmp(path, "/socket")) return answer_socket(c, r);
    if (!strcmp(path, "/hostname")) {
        char name[256] = "";
        gethostname(name, sizeof name - 1);
        return answer_text(c, r, "%s", name);
    }
    if (!strcmp(path, "/cwd")) {
        char *name = getcwd(NULL, 0);
        bool result = answer_text(c, r, "%s", name);
        free(name);
        return result;
    }
    if (!strcmp(path, "/mount")) return answer_error(c, r, mount("none", "/tmp", "tmpfs", 0, NULL));
    if (!strcmp(path, "/mknod")) return answer_error(c, r, mknod("/tmp/null", S_IFCHR | 0666, 0x103));
    if (!strcmp(path, "/sethostname")) return answer_error(c, r, sethostname("other", 5));
    if (!strcmp(path, "/log")) return write_lines(r) && answer_text(c, r, "logged");
    if (!strcmp(path, "/fork")) {
        make_children((long)number(r, "count", 1));
        return answer_text(c, r, "forked");
    }
    if (!strcmp(path, "/allocate")) return answer_text(c, r, "%s", allocate(number(r, "mb", 1)) ? "done" : "ENOMEM");
    if (!strcmp(path, "/status")) return answer(c, r, parameter(r, "line", "204 No Content"), "", 0);
    if (!strcmp(path, "/request")) {
        struct kept k = {0};
        keep(&k, r->method, strlen(r->method));
        keep(&k, " ", 1);
        keep(&k, path, strlen(path));
        keep(&k, "?", 1);
        if (r->query) keep(&k, r->query, strlen(r->query));
        keep(&k, "\n", 1);
        keep(&k, r->head, strlen(r->head));
        bool result = answer(c, r, "200 OK", k.bytes, k.count);
        free(k.bytes);
        return result;
    }
    return answer_text(
        c, r, "%s %s served=%llu pid=%d\n", hello, path, __atomic_load_n(&served, __ATOMIC_RELAXED), getpid());
}

static void *converse(void *argument) {
    struct connection *c = argument;
    struct request r;
    char *head = malloc(HEAD_MAX + 1);
    while (head && read_head(c, &r, head) && serve(c, &r) && !r.closes) {}
    free(head);
    close(c->fd);
    free(c);
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------------------------- */

static void end(int signal) {
    (void)signal;
    _exit(0);
}

static void *flood(void *unused) {
    static char line[1024];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\n';
    while (write(STDOUT_FILENO, line, sizeof line) > 0) {}
    return unused;
}

static void start_thread(void *(*body)(void *), void *argument) {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 << 10);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attributes, body, argument)) abort();
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGTERM, getenv("IGNORE_TERM") ? SIG_IGN : end);
    instance = getenv("TORPOR_INSTANCE") ? getenv("TORPOR_INSTANCE") : "";
    revision = getenv("TORPOR_REVISION") ? getenv("TORPOR_REVISION") : "";
    hello = getenv("HELLO") ? getenv("HELLO") : "hello";
    printf("starting %s\n", hello);
    fflush(stdout);
    if (getenv("EXIT_CODE")) {
        fprintf(stderr, "exiting with %ld\n", number_of("EXIT_CODE", 1));
        return (int)number_of("EXIT_CODE", 1);
    }
    make_children(number_of("CHILDREN", 0));
    if (getenv("FLOOD")) start_thread(flood, NULL);
    if (getenv("LISTEN") && !strcmp(getenv("LISTEN"), "never"))
        for (;;) pause();
    pause_ms(number_of("LISTEN_DELAY_MS", 0));
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number_of("PORT", 8080))};
    inet_pton(AF_INET, getenv("BIND") ? getenv("BIND") : "0.0.0.0", &at.sin_addr);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 1024)) {
        perror("listen");
        return 1;
    }
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct connection *c = calloc(1, sizeof *c);
        if (!c) abort();
        c->fd = fd;
        start_thread(converse, c);
    }
}
