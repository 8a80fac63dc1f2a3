#include "clinux_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define EMPTY_PATH 0x1000
#define RECURSIVE 0x8000
#define DETACH 2

int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount2(const char *target, int flags);

static int32_t result_of(long value) { return value < 0 ? -errno : (int32_t)value; }

int32_t clinux_fsopen(const char *type) { return result_of(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC)); }

int32_t clinux_fsconfig_string(int32_t context, const char *key, const char *value) {
    return result_of(syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, key, value, 0));
}

int32_t clinux_fsconfig_flag(int32_t context, const char *key) {
    return result_of(syscall(SYS_fsconfig, context, FSCONFIG_SET_FLAG, key, 0, 0));
}

int32_t clinux_fsconfig_fd(int32_t context, const char *key, int32_t fd) {
    return result_of(syscall(SYS_fsconfig, context, FSCONFIG_SET_FD, key, 0, fd));
}

int32_t clinux_fsconfig_create(int32_t context) {
    return result_of(syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0));
}

int32_t clinux_fsmount(int32_t context, uint64_t attributes) {
    return result_of(syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes));
}

int32_t clinux_fs_message(int32_t context, char *buffer, size_t size) {
    ssize_t length = read(context, buffer, size - 1);
    if (length < 0) length = 0;
    while (length > 0 && buffer[length - 1] == '\n') length--;
    buffer[length] = 0;
    return (int32_t)length;
}

int32_t clinux_clone_mount(int32_t directory, const char *path, int32_t recursive) {
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | EMPTY_PATH | (recursive ? RECURSIVE : 0);
    return result_of(syscall(SYS_open_tree, directory, path, flags));
}

int32_t clinux_move_mount(int32_t detached, int32_t directory, const char *path) {
    return result_of(syscall(SYS_move_mount, detached, "", directory, path, MOVE_MOUNT_F_EMPTY_PATH));
}

int32_t clinux_mount_attributes(int32_t target, uint64_t set, int32_t userns) {
    struct mount_attr attributes = {.attr_set = set};
    if (userns >= 0) {
        attributes.attr_set |= MOUNT_ATTR_IDMAP;
        attributes.userns_fd = (uint64_t)userns;
    }
    return result_of(syscall(SYS_mount_setattr, target, "", EMPTY_PATH, &attributes, sizeof attributes));
}

int32_t clinux_mount_change(int32_t target, const struct clinux_mount_change *change, int32_t recursive) {
    struct mount_attr attributes = {
        .attr_set = change->set, .attr_clr = change->clear, .propagation = change->propagation};
    if (change->userns >= 0) {
        attributes.attr_set |= MOUNT_ATTR_IDMAP;
        attributes.userns_fd = (uint64_t)change->userns;
    }
    unsigned flags = EMPTY_PATH | (recursive ? RECURSIVE : 0);
    return result_of(syscall(SYS_mount_setattr, target, "", flags, &attributes, sizeof attributes));
}

int32_t clinux_mount(const char *source, const char *target, const char *type, uint64_t flags, const char *data) {
    return result_of(mount(source, target, type, flags, data));
}

int32_t clinux_unmount(const char *target) { return result_of(umount2(target, DETACH)); }

int32_t clinux_pivot_root(const char *directory) {
    if (chdir(directory) < 0 || syscall(SYS_pivot_root, ".", ".") < 0) return -errno;
    if (umount2(".", DETACH) < 0 || chdir("/") < 0) return -errno;
    return 0;
}

int32_t clinux_mkdirat(int32_t directory, const char *path, uint32_t mode) {
    return result_of(mkdirat(directory, path, mode));
}

int32_t clinux_mknodat(int32_t directory, const char *path, uint32_t mode, uint32_t major, uint32_t minor) {
    return result_of(mknodat(directory, path, mode, makedev(major, minor)));
}

int32_t clinux_symlinkat(const char *content, int32_t directory, const char *path) {
    return result_of(symlinkat(content, directory, path));
}

int32_t clinux_chownat(int32_t directory, const char *path, uint32_t uid, uint32_t gid) {
    return result_of(fchownat(directory, path, uid, gid, AT_SYMLINK_NOFOLLOW | EMPTY_PATH));
}

int32_t clinux_unlinkat(int32_t directory, const char *path, int32_t removes_directory) {
    return result_of(unlinkat(directory, path, removes_directory ? AT_REMOVEDIR : 0));
}

int32_t clinux_open_in_root(int32_t root, const char *path) {
    struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    return result_of(syscall(SYS_openat2, root, path, &how, sizeof how));
}

int32_t clinux_mode(int32_t fd) {
    struct stat status;
    return fstat(fd, &status) < 0 ? -errno : (int32_t)status.st_mode;
}

int64_t clinux_readlink(const char *path, void *buffer, size_t size) {
    ssize_t count = readlink(path, buffer, size);
    return count < 0 ? -errno : count;
}

int32_t clinux_chmod(const char *path, uint32_t mode) { return result_of(chmod(path, mode)); }

_Static_assert(O_NOFOLLOW == (
#if defined(__aarch64__)
    0100000
#else
    0400000
#endif
    ), "clinux_create_exclusive");
