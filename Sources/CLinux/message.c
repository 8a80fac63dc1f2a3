#include "clinux_message.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { MOST_DESCRIPTORS = 32 };

int32_t clinux_packet_pair(int32_t ends[2], int32_t send_seconds) {
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return -errno;
    struct timeval bound = {.tv_sec = send_seconds};
    setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);
    return 0;
}

int64_t clinux_send(
    int32_t socket, const void *bytes, size_t count, const int32_t *descriptors, uint32_t descriptor_count,
    int32_t waits) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int32_t) * MOST_DESCRIPTORS)];
    struct iovec part = {(void *)bytes, count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (descriptor_count > MOST_DESCRIPTORS) return -EINVAL;
    if (descriptor_count) {
        memset(control, 0, sizeof control);
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(sizeof(int32_t) * descriptor_count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int32_t) * descriptor_count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int32_t) * descriptor_count);
    }
    ssize_t sent;
    do sent = sendmsg(socket, &message, MSG_NOSIGNAL | (waits ? 0 : MSG_DONTWAIT)); while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

int64_t clinux_receive(int32_t socket, void *buffer, size_t size) {
    ssize_t count;
    do count = recv(socket, buffer, size, MSG_DONTWAIT); while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : count;
}

int32_t clinux_wait_priority(int32_t fd, int32_t milliseconds) {
    struct pollfd watched = {.fd = fd, .events = POLLPRI};
    int ready = poll(&watched, 1, milliseconds);
    if (ready < 0) return errno == EINTR ? 0 : -errno;
    return ready;
}

int64_t clinux_read_again(int32_t fd, void *buffer, size_t size) {
    ssize_t count;
    do count = pread(fd, buffer, size, 0); while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : count;
}

int64_t clinux_write_again(int32_t fd, const void *buffer, size_t count) {
    ssize_t written;
    do written = pwrite(fd, buffer, count, 0); while (written < 0 && errno == EINTR);
    return written < 0 ? -errno : written;
}
