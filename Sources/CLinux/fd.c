#include "clinux_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

int32_t clinux_openat(int32_t dir, const char *path, int32_t flags, uint32_t mode) {
    int fd = openat(dir, path, flags | O_CLOEXEC, mode);
    return fd < 0 ? -errno : fd;
}

int32_t clinux_close(int32_t fd) { return close(fd) < 0 ? -errno : 0; }

int32_t clinux_dup(int32_t fd) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return copy < 0 ? -errno : copy;
}

int64_t clinux_read(int32_t fd, void *buffer, size_t count) {
    ssize_t n;
    do n = read(fd, buffer, count); while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

int64_t clinux_write(int32_t fd, const void *buffer, size_t count) {
    ssize_t n;
    do n = write(fd, buffer, count); while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

int32_t clinux_pipe(int32_t ends[2], int32_t flags) { return pipe2(ends, flags | O_CLOEXEC) < 0 ? -errno : 0; }

int32_t clinux_memfd(const char *name, uint32_t flags) {
    int fd = memfd_create(name, flags | MFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int64_t clinux_seek(int32_t fd, int64_t offset, int32_t whence) {
    off_t position = lseek(fd, offset, whence);
    return position < 0 ? -errno : position;
}

const char *clinux_error_text(int32_t code) { return strerrordesc_np(code); }

int32_t clinux_rename(const char *from, const char *to) { return rename(from, to) < 0 ? -errno : 0; }

int32_t clinux_adopt_listener(int32_t fd) {
    int listens = 0, type = 0;
    socklen_t size = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0) return -errno;
    size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0) return -errno;
    if (!listens || type != SOCK_STREAM) return -EINVAL;
    return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
}
