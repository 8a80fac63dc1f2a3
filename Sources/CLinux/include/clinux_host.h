/* The host and this process: identity, locks, and the service manager's socket. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* uname(2): each of the buffers gets at most size bytes with its NUL. */
int32_t clinux_uname(char *release, char *machine, size_t size);
/* flock(2), exclusive, not waiting: -EWOULDBLOCK when somebody else holds it. Released with the descriptor. */
int32_t clinux_lock_exclusive(int32_t fd);
/* Releases it before that. */
int32_t clinux_unlock(int32_t fd);
/* ftruncate(2). */
int32_t clinux_truncate(int32_t fd, int64_t size);
/* One datagram to a unix(7) socket by path, or by abstract name when it begins with '@' (sd_notify(3)). */
int32_t clinux_send_datagram(const char *path, const void *bytes, size_t count);
/* A datagram socket (non-blocking, close-on-exec) that is connected to a unix(7) path: -ENOENT, -ECONNREFUSED. Owned. */
int32_t clinux_datagram_connect(const char *path);
/* One message over a connected socket, or what of it a stream has room for, without waiting: -EAGAIN. Returns bytes. */
int64_t clinux_send_now(int32_t fd, const void *bytes, size_t count);
/* RLIMIT_NOFILE: raises the soft limit to the hard one; returns the limit in force. */
int64_t clinux_raise_open_files(void);
int32_t clinux_effective_uid(void);
int32_t clinux_effective_gid(void);
int32_t clinux_process_id(void);
/* Processors that the calling thread may run on (sched_getaffinity(2)), at least 1. */
int32_t clinux_processors(void);
/* SIGPIPE is ignored from now on: a broken connection is an error of its write. */
int32_t clinux_ignore_sigpipe(void);
/* madvise(2) with MADV_DONTNEED: the pages of from..<to are read again when they are used. What was written to private
 * ones is lost, so only for mappings that have no such page. */
int32_t clinux_release_pages(uint64_t from, uint64_t to);
