#include "clinux_terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

_Static_assert(sizeof(struct termios) <= sizeof(struct clinux_terminal_mode), "kept in it");

int32_t clinux_open_file_in_root(int32_t directory, const char *path, int32_t flags) {
    struct open_how how = {
        .flags = (uint32_t)(flags | O_CLOEXEC),
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    long fd;
    /* EAGAIN: somebody renames or mounts meanwhile, which a container may do without end. */
    int tries = 100;
    do fd = syscall(SYS_openat2, directory, path, &how, sizeof how); while (fd < 0 && errno == EAGAIN && --tries);
    return fd < 0 ? -errno : (int32_t)fd;
}

int32_t clinux_find_in_root(int32_t directory, const char *path) {
    return clinux_open_file_in_root(directory, path, O_PATH);
}

int32_t clinux_is_foreign_ptmx(int32_t fd) {
    struct statfs system;
    struct stat status, host;
    if (fstatfs(fd, &system) < 0 || fstat(fd, &status) < 0) return -errno;
    if (system.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(status.st_mode)) return 0;
    if (major(status.st_rdev) != 5 || minor(status.st_rdev) != 2) return 0;
    return stat("/dev/pts", &host) < 0 || host.st_dev != status.st_dev;
}

int32_t clinux_pty_open(int32_t ptmx, int32_t ends[2]) {
    char path[32];
    int unlocked = 0, result;
    snprintf(path, sizeof path, "/proc/self/fd/%d", ptmx);
    int master = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0) return -errno;
    int slave = -1;
    if (ioctl(master, TIOCSPTLCK, &unlocked) == 0) slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0) {
        result = -errno;
        close(master);
        return result;
    }
    ends[0] = master;
    ends[1] = slave;
    return 0;
}

int32_t clinux_terminal_size(int32_t fd, uint16_t *rows, uint16_t *columns) {
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) < 0) return -errno;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return 0;
}

int32_t clinux_terminal_resize(int32_t fd, uint16_t rows, uint16_t columns) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(fd, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}

int32_t clinux_terminal_raw(int32_t fd, struct clinux_terminal_mode *before) {
    struct termios mode;
    if (tcgetattr(fd, &mode) < 0) return -errno;
    memcpy(before, &mode, sizeof mode);
    cfmakeraw(&mode);
    return tcsetattr(fd, TCSADRAIN, &mode) < 0 ? -errno : 0;
}

int32_t clinux_terminal_restore(int32_t fd, const struct clinux_terminal_mode *mode) {
    struct termios before;
    memcpy(&before, mode, sizeof before);
    return tcsetattr(fd, TCSADRAIN, &before) < 0 ? -errno : 0;
}

static volatile int signal_pipe = -1;

static void note_signal(int number) {
    int before = errno;
    unsigned char byte = (unsigned char)number;
    /* A pipe that is full has news enough. */
    if (write(signal_pipe, &byte, 1) < 0) errno = before;
    errno = before;
}

int32_t clinux_catch_signals(const int32_t *signals, uint32_t count) {
    int ends[2];
    if (signal_pipe >= 0) return -EBUSY;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return -errno;
    signal_pipe = ends[1];
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
    sigfillset(&action.sa_mask);
    for (uint32_t i = 0; i < count; i++) {
        struct sigaction before;
        if (sigaction(signals[i], 0, &before) < 0) return -errno;
        /* Who started this process, nohup(1) for example, wants it to be deaf. */
        if (before.sa_handler == SIG_IGN) continue;
        if (sigaction(signals[i], &action, 0) < 0) return -errno;
    }
    return ends[0];
}
