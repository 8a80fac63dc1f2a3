/* Messages with descriptors over connected AF_UNIX sockets (unix(7)). */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* A SOCK_SEQPACKET pair, close-on-exec, with a bound on how long a send may block. Both ends are owned by the caller. */
int32_t clinux_packet_pair(int32_t ends[2], int32_t send_seconds);
/* sendmsg(2) of one packet with at most 32 descriptors, without SIGPIPE. Returns the bytes sent; without waits -EAGAIN
 * where there is no room. */
int64_t clinux_send(
    int32_t socket, const void *bytes, size_t count, const int32_t *descriptors, uint32_t descriptor_count,
    int32_t waits);
/* recv(2) without blocking: the bytes of one packet, 0 at the end of the stream, -EAGAIN when there is none. */
int64_t clinux_receive(int32_t socket, void *buffer, size_t size);
/* Sleeps until fd has an exceptional condition (POLLPRI) or milliseconds pass: 1, or 0 on time-out. */
int32_t clinux_wait_priority(int32_t fd, int32_t milliseconds);
/* pread(2) and pwrite(2) at offset 0, restarted after EINTR: a kernel file that is kept open, read or written anew. */
int64_t clinux_read_again(int32_t fd, void *buffer, size_t size);
int64_t clinux_write_again(int32_t fd, const void *buffer, size_t count);
