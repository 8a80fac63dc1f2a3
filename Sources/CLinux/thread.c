#include "clinux_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(pthread_t) == sizeof(uint64_t), "pthread_t crosses as 64 bits");

struct start {
    char name[16];
    void (*body)(void *);
    void *context;
};

static void *run(void *argument) {
    struct start start = *(struct start *)argument;
    free(argument);
    prctl(PR_SET_NAME, start.name);
    start.body(start.context);
    return NULL;
}

int32_t clinux_thread_start(uint64_t *thread, const char *name, void (*body)(void *), void *context) {
    struct start *start = calloc(1, sizeof *start);
    if (!start) return -ENOMEM;
    strncpy(start->name, name, sizeof start->name - 1);
    start->body = body;
    start->context = context;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t created;
    int error = pthread_create(&created, NULL, run, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        free(start);
        return -error;
    }
    *thread = created;
    return 0;
}

int32_t clinux_thread_join(uint64_t thread) { return -pthread_join(thread, NULL); }

int32_t clinux_thread_is_current(uint64_t thread) { return pthread_equal(thread, pthread_self()) != 0; }

int32_t clinux_timer_slack(uint64_t nanoseconds) {
    return prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0) < 0 ? -errno : 0;
}

static int64_t now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t clinux_monotonic_now(void) { return now(CLOCK_MONOTONIC); }
int64_t clinux_real_now(void) { return now(CLOCK_REALTIME); }

int32_t clinux_eventfd(void) {
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int32_t clinux_eventfd_signal(int32_t fd) {
    /* EAGAIN: the counter is full, so it is readable already. */
    return eventfd_write(fd, 1) < 0 && errno != EAGAIN ? -errno : 0;
}

int32_t clinux_eventfd_clear(int32_t fd) {
    eventfd_t value;
    return eventfd_read(fd, &value) < 0 && errno != EAGAIN ? -errno : 0;
}

int32_t clinux_wait_readable(int32_t fd, int64_t nanoseconds) {
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    int result = ppoll(&entry, 1, nanoseconds < 0 ? NULL : &limit, NULL);
    if (result < 0) return errno == EINTR ? 0 : -errno;
    return result > 0;
}

int32_t clinux_epoll_create(void) {
    int fd = epoll_create1(EPOLL_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int32_t clinux_epoll_add(int32_t epoll, int32_t fd, uint64_t token) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = token};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int32_t clinux_epoll_output(int32_t epoll, int32_t fd, uint64_t token, int32_t output) {
    struct epoll_event event = {.events = EPOLLIN | (output ? EPOLLOUT : 0), .data.u64 = token};
    return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) < 0 ? -errno : 0;
}

int32_t clinux_epoll_remove(int32_t epoll, int32_t fd) {
    struct epoll_event unused = {0};
    return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &unused) < 0 ? -errno : 0;
}

int32_t clinux_epoll_wait(int32_t epoll, uint64_t *tokens, int32_t capacity, int32_t milliseconds) {
    struct epoll_event events[64];
    if (capacity > 64) capacity = 64;
    int count = epoll_wait(epoll, events, capacity, milliseconds);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) tokens[i] = events[i].data.u64;
    return count;
}

int32_t clinux_set_nonblocking(int32_t fd) {
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}
