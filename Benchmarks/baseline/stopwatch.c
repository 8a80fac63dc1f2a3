/* Times one thing at a time, for a driver that talks to it over a pipe: a line in, a line out.
 *
 *   request ADDRESS PORT PATH  one GET on a kept connection, from before send(2) until the first byte is here
 *   run PROGRAM [ARGUMENT…]    one process, from before posix_spawn(3) until it was reaped
 *   repeat SECONDS NUMBERS …   one of the above again and again; `@` in its words becomes 0, 1, … NUMBERS - 1
 *                              and 0 again
 *
 * The answer to the first two is "MICROSECONDS STATUS TIER": the HTTP or exit status, and for a request the
 * tier that Server-Timing names (cold, frozen, warm), else "-". The answer to `repeat` is "SECONDS ROUNDS
 * COLD FAILED", COLD being the rounds that were answered by a cold start.
 *
 * What is not timed: making the connection (it is opened before the clock starts, and kept), reading the rest
 * of the answer, and everything the driver does between two lines. */
#define _GNU_SOURCE
#include "http.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/wait.h>

enum { MAX_WORDS = 32, MAX_LINE = 4096 };

extern char **environ;

struct result {
    double microseconds;
    int status;
    char tier[16];
};

static int kept = -1; /* the connection, and where it leads */
static char kept_address[64];
static int kept_port;

/* Whether the peer has closed the kept connection since its last answer. */
static bool is_stale(void) {
    struct pollfd p = {.fd = kept, .events = POLLIN | POLLRDHUP};
    return poll(&p, 1, 0) != 0;
}

static bool connect_to(const char *address, int port) {
    if (kept >= 0 && port == kept_port && strcmp(address, kept_address) == 0 && !is_stale()) return true;
    if (kept >= 0) close(kept);
    kept = dial(address, port);
    kept_port = port;
    snprintf(kept_address, sizeof kept_address, "%s", address);
    return kept >= 0;
}

static void find_tier(const char *head, char tier[16]) {
    strcpy(tier, "-");
    const char *timing = strcasestr(head, "\r\nserver-timing:");
    const char *text = timing ? strstr(timing, "torpor;desc=\"") : NULL;
    if (text) sscanf(text + 13, "%15[a-z]", tier);
}

/* Returns 0 as the status when there was no answer; the connection is given up then. */
static struct result request(const char *address, int port, const char *path) {
    struct result result = {.tier = "-"};
    char text[1024], answer[MAX_ANSWER + 1];
    int size = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: %s:%d\r\n\r\n", path, address, port);
    if (!connect_to(address, port)) return result;

    int64_t start = now_ns();
    ssize_t n = send(kept, text, size, MSG_NOSIGNAL) == size ? recv(kept, answer, MAX_ANSWER, 0) : -1;
    int64_t end = now_ns();

    size_t count = 0;
    long length = 0;
    while (n > 0) {
        count += n;
        answer[count] = 0;
        length = answer_length(answer, count);
        if (length < 0 || length > MAX_ANSWER || (length > 0 && count >= (size_t)length)) break;
        n = recv(kept, answer + count, MAX_ANSWER - count, 0);
    }
    if (length <= 0 || count != (size_t)length) {
        close(kept);
        kept = -1;
        return result;
    }
    result.microseconds = (end - start) / 1e3;
    result.status = answer_status(answer);
    find_tier(answer, result.tier);
    return result;
}

static struct result run(char **arguments) {
    struct result result = {.status = 127, .tier = "-"};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    pid_t child;
    int status = -1;

    int64_t start = now_ns();
    int error = posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ);
    if (error == 0 && waitpid(child, &status, 0) != child) error = errno;
    int64_t end = now_ns();

    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) fprintf(stderr, "stopwatch: %s: %s\n", arguments[0], strerror(error));
    if (error == 0 && WIFEXITED(status)) result.status = WEXITSTATUS(status);
    result.microseconds = (end - start) / 1e3;
    return result;
}

static bool is_request(char **words, int count) { return count == 4 && strcmp(words[0], "request") == 0; }
static bool is_run(char **words, int count) { return count >= 2 && strcmp(words[0], "run") == 0; }

static struct result perform(char **words, int count) {
    if (is_request(words, count)) return request(words[1], atoi(words[2]), words[3]);
    return run(words + 1);
}

/* `word` with its first `@` replaced by `number`. */
static char *numbered(const char *word, long number, char *buffer, size_t size) {
    const char *mark = strchr(word, '@');
    if (!mark) return (char *)word;
    snprintf(buffer, size, "%.*s%ld%s", (int)(mark - word), word, number, mark + 1);
    return buffer;
}

static void repeat(double seconds, long numbers, char **words, int count) {
    static char buffers[MAX_WORDS][MAX_LINE];
    char *filled[MAX_WORDS + 1] = {0};
    long rounds = 0, cold = 0, failed = 0;
    int expected = is_request(words, count) ? 200 : 0;
    int64_t start = now_ns(), end = start + (int64_t)(seconds * 1e9);
    while (now_ns() < end) {
        for (int i = 0; i < count; i++)
            filled[i] = numbered(words[i], rounds % numbers, buffers[i], MAX_LINE);
        struct result result = perform(filled, count);
        rounds++;
        cold += strcmp(result.tier, "cold") == 0;
        failed += result.status != expected;
    }
    printf("%.6f %ld %ld %ld\n", (now_ns() - start) / 1e9, rounds, cold, failed);
}

int main(void) {
    char line[MAX_LINE];
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof line, stdin)) {
        char *words[MAX_WORDS + 1] = {0};
        int count = 0;
        for (char *word = strtok(line, " \n"); word && count < MAX_WORDS; word = strtok(NULL, " \n"))
            words[count++] = word;

        if (count > 3 && strcmp(words[0], "repeat") == 0 && atol(words[2]) > 0 &&
            (is_request(words + 3, count - 3) || is_run(words + 3, count - 3))) {
            repeat(atof(words[1]), atol(words[2]), words + 3, count - 3);
        } else if (is_request(words, count) || is_run(words, count)) {
            struct result result = perform(words, count);
            printf("%.3f %d %s\n", result.microseconds, result.status, result.tier);
        } else {
            fprintf(stderr, "stopwatch: cannot read '%s'\n", count ? words[0] : "");
            return 2;
        }
    }
    return 0;
}
