/* Walking, copying and removing trees of files by descriptors of their directories. No call follows a link in the last
 * component of its path; with path "" a call is about the descriptor itself. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct clinux_status {
    uint64_t inode, size;
    uint64_t blocks;                     /* of 512 bytes, on the disk */
    int64_t modified, changed;           /* seconds */
    uint32_t modified_ns, changed_ns;
    uint32_t mode, uid, gid, links;      /* mode with its type, as st_mode */
    uint32_t device_major, device_minor; /* where it lies */
    uint32_t node_major, node_minor;     /* what a device node stands for */
    uint32_t mount_root;                 /* 1: something is mounted here */
};
_Static_assert(sizeof(struct clinux_status) == 88, "read by Swift field by field");

/* statx(2). */
int32_t clinux_status(int32_t directory, const char *path, struct clinux_status *status);
/* openat2(2) that stays beneath directory and follows no link at all: -ELOOP for a link, -EXDEV for a way out.
 * Returns an owned, close-on-exec descriptor. */
int32_t clinux_open_beneath(int32_t directory, const char *path, int32_t flags);
/* getdents64(2): fills buffer with struct linux_dirent64; returns bytes, 0 at the end. */
int64_t clinux_directory_read(int32_t directory, void *buffer, size_t size);
/* The next read begins with the first entry. */
int32_t clinux_directory_rewind(int32_t directory);
/* Returns the length, which is size when the content was cut. */
int64_t clinux_readlinkat(int32_t directory, const char *path, char *buffer, size_t size);
int32_t clinux_linkat(int32_t from, const char *existing, int32_t to, const char *path);
/* renameat2(2) with RENAME_NOREPLACE: -EEXIST. */
int32_t clinux_rename_new(int32_t from, const char *path, int32_t to, const char *new_path);
/* rename(2), which replaces what is there. */
int32_t clinux_rename_over(int32_t from, const char *path, int32_t to, const char *new_path);
/* chmod(2). Not for links, which it would follow. */
int32_t clinux_chmodat(int32_t directory, const char *path, uint32_t mode);
/* utimensat(2): both times. */
int32_t clinux_set_times(int32_t directory, const char *path, int64_t seconds, uint32_t nanoseconds);
int32_t clinux_fsync(int32_t fd);
/* Whether a tmpfs has no room left for a few pages more, or for one more file: fstatfs(2) of what lies on it; O_PATH is
 * enough. 0 on other file systems. */
int32_t clinux_is_full(int32_t fd);
/* syncfs(2): everything of the file system that fd lies on; reports errors of writing since Linux 5.8. */
int32_t clinux_syncfs(int32_t fd);

/* FICLONE: the whole content shared until one side writes. */
int32_t clinux_clone_content(int32_t to, int32_t from);
/* copy_file_range(2) at the same offset of both. Returns bytes, 0 at the end. */
int64_t clinux_copy_range(int32_t from, int32_t to, int64_t offset, size_t count);
int64_t clinux_pread(int32_t fd, void *buffer, size_t count, int64_t offset);
int64_t clinux_pwrite(int32_t fd, const void *buffer, size_t count, int64_t offset);
/* lseek(2) with SEEK_DATA and SEEK_HOLE. -ENXIO: nothing but holes from there on. */
int64_t clinux_next_data(int32_t fd, int64_t offset);
int64_t clinux_next_hole(int32_t fd, int64_t offset);

/* flistxattr(2), fgetxattr(2), fsetxattr(2). */
int64_t clinux_attribute_names(int32_t fd, char *buffer, size_t size);
int64_t clinux_attribute(int32_t fd, const char *name, void *buffer, size_t size);
int32_t clinux_set_attribute(int32_t fd, const char *name, const void *value, size_t size);
