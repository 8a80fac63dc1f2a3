#include "clinux_message.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { MOST_DESCRIPTORS = 128 };

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

static int32_t address_of(const char *path, struct sockaddr_un *address) {
    size_t length = strlen(path);
    if (length >= sizeof address->sun_path) return -ENAMETOOLONG;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, path, length + 1);
    return 0;
}

int32_t clinux_packet_listen(const char *path, int32_t backlog, int32_t blocks) {
    struct sockaddr_un address;
    int32_t result = address_of(path, &address);
    if (result < 0) return result;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | (blocks ? 0 : SOCK_NONBLOCK), 0);
    if (fd < 0) return -errno;
    if (bind(fd, (void *)&address, sizeof address) == 0 && listen(fd, backlog) == 0) return fd;
    result = -errno;
    close(fd);
    return result;
}

static void bound_sends(int socket, int32_t seconds) {
    struct timeval bound = {.tv_sec = seconds};
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);
}

int32_t clinux_accept(int32_t listener) {
    int fd;
    do fd = accept4(listener, 0, 0, SOCK_CLOEXEC); while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
    return fd < 0 ? -errno : fd;
}

int32_t clinux_packet_accept(int32_t listener, int32_t send_seconds) {
    int32_t fd = clinux_accept(listener);
    if (fd >= 0) bound_sends(fd, send_seconds);
    return fd;
}

static int32_t connect_to(const char *path, int32_t type, int32_t seconds) {
    struct sockaddr_un address;
    int32_t result = address_of(path, &address);
    if (result < 0) return result;
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    /* It bounds connect(2), too. */
    bound_sends(fd, seconds);
    do result = connect(fd, (void *)&address, sizeof address) < 0 ? -errno : 0; while (result == -EINTR);
    if (result == 0) return fd;
    close(fd);
    return result;
}

int32_t clinux_packet_connect(const char *path, int32_t seconds) { return connect_to(path, SOCK_SEQPACKET, seconds); }
int32_t clinux_stream_connect(const char *path, int32_t seconds) { return connect_to(path, SOCK_STREAM, seconds); }

int64_t clinux_receive_descriptors(
    int32_t socket, void *buffer, size_t size, int32_t *descriptors, uint32_t capacity, uint32_t *count,
    int32_t waits) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int32_t) * MOST_DESCRIPTORS)];
    struct iovec part = {buffer, size};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t received;
    int is_bad = 0;
    *count = 0;
    do received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (waits ? 0 : MSG_DONTWAIT));
    while (received < 0 && errno == EINTR);
    if (received < 0) return -errno;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        for (size_t at = 0; at + CMSG_LEN(0) + sizeof(int32_t) <= header->cmsg_len; at += sizeof(int32_t)) {
            int32_t descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + at, sizeof descriptor);
            if (*count < capacity) {
                descriptors[(*count)++] = descriptor;
            } else {
                close(descriptor);
                is_bad = 1;
            }
        }
    }
    if (!is_bad && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) return received;
    while (*count) close(descriptors[--*count]);
    return -EMSGSIZE;
}

int32_t clinux_peer(int32_t socket, int32_t *pid, uint32_t *uid) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return -errno;
    *pid = peer.pid;
    *uid = peer.uid;
    return 0;
}

int32_t clinux_shutdown(int32_t socket) {
    char byte;
    if (shutdown(socket, SHUT_RDWR) < 0) return -errno;
    while (recv(socket, &byte, sizeof byte, MSG_DONTWAIT) > 0) {}
    return 0;
}
