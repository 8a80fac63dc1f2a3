#include "clinux_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

int32_t clinux_status(int32_t directory, const char *path, struct clinux_status *status) {
    struct statx found;
    int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT;
    if (statx(directory, path, flags, STATX_BASIC_STATS, &found) < 0) return -errno;
    *status = (struct clinux_status){
        .inode = found.stx_ino,
        .size = found.stx_size,
        .blocks = found.stx_blocks,
        .modified = found.stx_mtime.tv_sec,
        .changed = found.stx_ctime.tv_sec,
        .modified_ns = found.stx_mtime.tv_nsec,
        .changed_ns = found.stx_ctime.tv_nsec,
        .mode = found.stx_mode,
        .uid = found.stx_uid,
        .gid = found.stx_gid,
        .links = found.stx_nlink,
        .device_major = found.stx_dev_major,
        .device_minor = found.stx_dev_minor,
        .node_major = found.stx_rdev_major,
        .node_minor = found.stx_rdev_minor,
        .mount_root = (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0,
    };
    return 0;
}

int32_t clinux_open_beneath(int32_t directory, const char *path, int32_t flags) {
    struct open_how how = {
        .flags = (uint32_t)(flags | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    long fd;
    do fd = syscall(SYS_openat2, directory, path, &how, sizeof how); while (fd < 0 && errno == EAGAIN);
    return fd < 0 ? -errno : (int32_t)fd;
}

int64_t clinux_directory_read(int32_t directory, void *buffer, size_t size) {
    long count = syscall(SYS_getdents64, directory, buffer, size);
    return count < 0 ? -errno : count;
}

int32_t clinux_directory_rewind(int32_t directory) { return lseek(directory, 0, SEEK_SET) < 0 ? -errno : 0; }

int64_t clinux_readlinkat(int32_t directory, const char *path, char *buffer, size_t size) {
    ssize_t count = readlinkat(directory, path, buffer, size);
    return count < 0 ? -errno : count;
}

int32_t clinux_linkat(int32_t from, const char *existing, int32_t to, const char *path) {
    return linkat(from, existing, to, path, 0) < 0 ? -errno : 0;
}

int32_t clinux_rename_new(int32_t from, const char *path, int32_t to, const char *new_path) {
    return renameat2(from, path, to, new_path, RENAME_NOREPLACE) < 0 ? -errno : 0;
}

int32_t clinux_rename_over(int32_t from, const char *path, int32_t to, const char *new_path) {
    return renameat(from, path, to, new_path) < 0 ? -errno : 0;
}

int32_t clinux_chmodat(int32_t directory, const char *path, uint32_t mode) {
    if (!*path) return fchmod(directory, mode) < 0 ? -errno : 0;
    /* fchmodat(2) follows links; what is not to does so since Linux 6.6 only. */
    int fd = openat(directory, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return -errno;
    struct stat status;
    char name[32];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    int result = fstat(fd, &status) < 0 ? -errno : S_ISLNK(status.st_mode) ? -ELOOP : chmod(name, mode) < 0 ? -errno : 0;
    close(fd);
    return result;
}

int32_t clinux_set_times(int32_t directory, const char *path, int64_t seconds, uint32_t nanoseconds) {
    struct timespec times[2];
    times[0] = times[1] = (struct timespec){.tv_sec = seconds, .tv_nsec = nanoseconds};
    int result = *path ? utimensat(directory, path, times, AT_SYMLINK_NOFOLLOW) : futimens(directory, times);
    return result < 0 ? -errno : 0;
}

int32_t clinux_fsync(int32_t fd) { return fsync(fd) < 0 ? -errno : 0; }

int32_t clinux_syncfs(int32_t fd) { return syncfs(fd) < 0 ? -errno : 0; }

int32_t clinux_clone_content(int32_t to, int32_t from) { return ioctl(to, FICLONE, from) < 0 ? -errno : 0; }

int64_t clinux_copy_range(int32_t from, int32_t to, int64_t offset, size_t count) {
    off64_t source = offset, target = offset;
    ssize_t copied = copy_file_range(from, &source, to, &target, count, 0);
    return copied < 0 ? -errno : copied;
}

int64_t clinux_pread(int32_t fd, void *buffer, size_t count, int64_t offset) {
    ssize_t n;
    do n = pread(fd, buffer, count, offset); while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

int64_t clinux_pwrite(int32_t fd, const void *buffer, size_t count, int64_t offset) {
    ssize_t n;
    do n = pwrite(fd, buffer, count, offset); while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

static int64_t seek(int32_t fd, int64_t offset, int whence) {
    off_t position = lseek(fd, offset, whence);
    return position < 0 ? -errno : position;
}

int64_t clinux_next_data(int32_t fd, int64_t offset) { return seek(fd, offset, SEEK_DATA); }
int64_t clinux_next_hole(int32_t fd, int64_t offset) { return seek(fd, offset, SEEK_HOLE); }

int64_t clinux_attribute_names(int32_t fd, char *buffer, size_t size) {
    ssize_t count = flistxattr(fd, buffer, size);
    return count < 0 ? -errno : count;
}

int64_t clinux_attribute(int32_t fd, const char *name, void *buffer, size_t size) {
    ssize_t count = fgetxattr(fd, name, buffer, size);
    return count < 0 ? -errno : count;
}

int32_t clinux_set_attribute(int32_t fd, const char *name, const void *value, size_t size) {
    return fsetxattr(fd, name, value, size, 0) < 0 ? -errno : 0;
}

int32_t clinux_is_full(int32_t fd) {
    struct statfs system;
    if (fstatfs(fd, &system) < 0) return -errno;
    /* No blocks: a tmpfs without a limit. */
    if (system.f_type != TMPFS_MAGIC || system.f_blocks == 0) return 0;
    return system.f_bfree < 4 || (system.f_files > 0 && system.f_ffree == 0);
}
