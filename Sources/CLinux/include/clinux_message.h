/* Messages with descriptors over connected AF_UNIX sockets (unix(7)). */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* A SOCK_SEQPACKET pair, close-on-exec, with a bound on how long a send may block. Both ends are owned by the caller. */
int32_t clinux_packet_pair(int32_t ends[2], int32_t send_seconds);
/* sendmsg(2) of one packet with at most 128 descriptors, without SIGPIPE. Returns the bytes sent; without waits -EAGAIN
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

/* A SOCK_SEQPACKET socket that listens at path, which must not be there (at most 107 bytes); non-blocking unless it
 * blocks. Owned. */
int32_t clinux_packet_listen(const char *path, int32_t backlog, int32_t blocks);
/* accept4(2), close-on-exec; of a listener that does not block, -EAGAIN. The connection blocks. Owned. */
int32_t clinux_accept(int32_t listener);
/* accept4(2), close-on-exec, without waiting: -EAGAIN. Its sends wait for room at most send_seconds. Owned. */
int32_t clinux_packet_accept(int32_t listener, int32_t send_seconds);
/* connect(2) to such a socket, or to one of SOCK_STREAM; waits at most seconds, and as long for each send. Owned. */
int32_t clinux_packet_connect(const char *path, int32_t seconds);
int32_t clinux_stream_connect(const char *path, int32_t seconds);
/* recvmsg(2) of one packet with at most capacity (<= 128) descriptors, close-on-exec and owned by the caller; *count is
 * how many came. 0 at the end of the stream; -EMSGSIZE: the packet or its descriptors were too many, and are lost. */
int64_t clinux_receive_descriptors(
    int32_t socket, void *buffer, size_t size, int32_t *descriptors, uint32_t capacity, uint32_t *count,
    int32_t waits);
/* SO_PEERCRED: who connected. */
int32_t clinux_peer(int32_t socket, int32_t *pid, uint32_t *uid);
/* shutdown(2) of both directions. What was sent before can still be received; what came is dropped, since a socket that is
 * closed with something unread takes the other side's news with it (ECONNRESET). */
int32_t clinux_shutdown(int32_t socket);
