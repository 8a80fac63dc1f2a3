#include "clinux_host.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

int32_t clinux_uname(char *release, char *machine, size_t size) {
    struct utsname name;
    if (uname(&name) < 0) return -errno;
    snprintf(release, size, "%s", name.release);
    snprintf(machine, size, "%s", name.machine);
    return 0;
}

int32_t clinux_lock_exclusive(int32_t fd) { return flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0; }

int32_t clinux_unlock(int32_t fd) { return flock(fd, LOCK_UN) < 0 ? -errno : 0; }

int32_t clinux_truncate(int32_t fd, int64_t size) { return ftruncate(fd, size) < 0 ? -errno : 0; }

/* Its length; -ENAMETOOLONG. */
static int unix_address(const char *path, struct sockaddr_un *address) {
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof address->sun_path) return -ENAMETOOLONG;
    memcpy(address->sun_path, path, length);
    if (path[0] == '@') address->sun_path[0] = 0;
    return (int)(offsetof(struct sockaddr_un, sun_path) + length + (path[0] != '@'));
}

int32_t clinux_datagram_connect(const char *path) {
    struct sockaddr_un address;
    int size = unix_address(path, &address);
    if (size < 0) return size;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    if (connect(fd, (struct sockaddr *)&address, (socklen_t)size) == 0) return fd;
    int error = -errno;
    close(fd);
    return error;
}

int64_t clinux_send_now(int32_t fd, const void *bytes, size_t count) {
    ssize_t sent;
    do sent = send(fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT); while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

int32_t clinux_send_datagram(const char *path, const void *bytes, size_t count) {
    struct sockaddr_un address;
    int length = unix_address(path, &address);
    if (length < 0) return length;
    socklen_t size = (socklen_t)length;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int error = sendto(fd, bytes, count, MSG_NOSIGNAL, (struct sockaddr *)&address, size) < 0 ? -errno : 0;
    close(fd);
    return error;
}

int64_t clinux_raise_open_files(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    return (int64_t)limit.rlim_cur;
}

int32_t clinux_effective_uid(void) { return (int32_t)geteuid(); }
int32_t clinux_effective_gid(void) { return (int32_t)getegid(); }
int32_t clinux_process_id(void) { return (int32_t)getpid(); }

int32_t clinux_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) < 0) return 1;
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : count;
}

int32_t clinux_ignore_sigpipe(void) { return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -errno : 0; }

int32_t clinux_release_pages(uint64_t from, uint64_t to) {
    return madvise((void *)(uintptr_t)from, to - from, MADV_DONTNEED) < 0 ? -errno : 0;
}
