/* Mounts, by the calls that work on descriptors (fsopen(2) and its kin, Linux 5.2 and later; mount_setattr 5.12), and
 * the few things of mount(2) that a private root needs. Descriptors that are returned are owned by the caller. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* fsopen(2), fsconfig(2) in its forms, fsmount(2) with MOUNT_ATTR_*. */
int32_t clinux_fsopen(const char *type);
int32_t clinux_fsconfig_string(int32_t context, const char *key, const char *value);
int32_t clinux_fsconfig_flag(int32_t context, const char *key);
int32_t clinux_fsconfig_fd(int32_t context, const char *key, int32_t fd);
int32_t clinux_fsconfig_create(int32_t context);
int32_t clinux_fsmount(int32_t context, uint64_t attributes);
/* The kernel's message about what failed last, without its end; returns its length, 0 when there is none. */
int32_t clinux_fs_message(int32_t context, char *buffer, size_t size);

/* open_tree(2) with OPEN_TREE_CLONE: a detached copy of the mount at path; with path "" of directory itself. */
int32_t clinux_clone_mount(int32_t directory, const char *path, int32_t recursive);
/* move_mount(2) of a detached mount. */
int32_t clinux_move_mount(int32_t mount, int32_t directory, const char *path);
/* mount_setattr(2) of the mount itself: MOUNT_ATTR_* to set. userns >= 0: with MOUNT_ATTR_IDMAP by it. */
int32_t clinux_mount_attributes(int32_t mount, uint64_t set, int32_t userns);
/* mount_setattr(2): MOUNT_ATTR_* to set and to clear, MS_* of a propagation or 0, and userns >= 0 for MOUNT_ATTR_IDMAP; of
 * the mount, or with all that is mounted below it. */
struct clinux_mount_change { uint64_t set, clear, propagation; int32_t userns; };
int32_t clinux_mount_change(int32_t mount, const struct clinux_mount_change *change, int32_t recursive);

/* mount(2), umount2(2) with MNT_DETACH, pivot_root(".", ".") and the release of the old root. */
int32_t clinux_mount(const char *source, const char *target, const char *type, uint64_t flags, const char *data);
int32_t clinux_unmount(const char *target);
/* Makes directory the calling thread's root; its mount namespace must be its own. */
int32_t clinux_pivot_root(const char *directory);

/* The *at calls that Swift must not do through errno. */
int32_t clinux_mkdirat(int32_t directory, const char *path, uint32_t mode);
int32_t clinux_mknodat(int32_t directory, const char *path, uint32_t mode, uint32_t major, uint32_t minor);
int32_t clinux_symlinkat(const char *content, int32_t directory, const char *path);
int32_t clinux_chownat(int32_t directory, const char *path, uint32_t uid, uint32_t gid);
/* unlinkat(2); removes_directory chooses AT_REMOVEDIR. */
int32_t clinux_unlinkat(int32_t directory, const char *path, int32_t removes_directory);
/* openat2(2) of a directory, O_PATH, with RESOLVE_IN_ROOT. Owned. */
int32_t clinux_open_in_root(int32_t root, const char *path);
/* st_mode of what fd names. */
int32_t clinux_mode(int32_t fd);
/* readlink(2): the bytes written to buffer, without a NUL. */
int64_t clinux_readlink(const char *path, void *buffer, size_t size);
int32_t clinux_chmod(const char *path, uint32_t mode);
/* O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW of this architecture. */
static inline int32_t clinux_create_exclusive(void) {
#if defined(__aarch64__)
    return 0100 | 0200 | 01 | 0100000;
#else
    return 0100 | 0200 | 01 | 0400000;
#endif
}
