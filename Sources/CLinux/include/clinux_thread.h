/* Threads of their own, and what they wait with. */
#pragma once
#include <stdint.h>

/* A joinable thread with every signal blocked and at most 15 bytes of name, which runs body(context).
 * *thread is for clinux_thread_join, which must be called exactly once. */
int32_t clinux_thread_start(uint64_t *thread, const char *name, void (*body)(void *context), void *context);
int32_t clinux_thread_join(uint64_t thread);
/* Whether thread is the calling one. */
int32_t clinux_thread_is_current(uint64_t thread);
/* PR_SET_TIMERSLACK of the calling thread: by how much its sleeps may be late, in nanoseconds (default 50,000). */
int32_t clinux_timer_slack(uint64_t nanoseconds);

/* CLOCK_MONOTONIC and CLOCK_REALTIME, nanoseconds. */
int64_t clinux_monotonic_now(void);
int64_t clinux_real_now(void);

/* eventfd(2), non-blocking, close-on-exec. Owned by the caller. */
int32_t clinux_eventfd(void);
/* Adds one. Async-signal-safe. */
int32_t clinux_eventfd_signal(int32_t fd);
/* Back to zero. */
int32_t clinux_eventfd_clear(int32_t fd);

/* Sleeps until fd is readable or for nanoseconds (negative: without limit): 1, or 0 on time-out or a signal. */
int32_t clinux_wait_readable(int32_t fd, int64_t nanoseconds);

/* epoll(7), level-triggered input. */
int32_t clinux_epoll_create(void);
int32_t clinux_epoll_add(int32_t epoll, int32_t fd, uint64_t token);
/* Whether the descriptor, which was added with this token, is also told when it is writable. */
int32_t clinux_epoll_output(int32_t epoll, int32_t fd, uint64_t token, int32_t output);
int32_t clinux_epoll_remove(int32_t epoll, int32_t fd);
/* Stores the tokens of at most capacity ready descriptors; milliseconds < 0: without limit. Returns how many. */
int32_t clinux_epoll_wait(int32_t epoll, uint64_t *tokens, int32_t capacity, int32_t milliseconds);
/* O_NONBLOCK on a descriptor. */
int32_t clinux_set_nonblocking(int32_t fd);
