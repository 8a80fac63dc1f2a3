/* Descriptors: what <unistd.h> and <fcntl.h> do that Swift must not do through errno. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* open(2) relative to dir (AT_FDCWD: -100); O_CLOEXEC is always added. Returns an owned descriptor. */
int32_t clinux_openat(int32_t dir, const char *path, int32_t flags, uint32_t mode);
/* close(2). Always releases the descriptor. */
int32_t clinux_close(int32_t fd);
/* fcntl(F_DUPFD_CLOEXEC). Returns an owned descriptor. */
int32_t clinux_dup(int32_t fd);
/* read(2) and write(2), restarted after EINTR. Return the bytes moved. */
int64_t clinux_read(int32_t fd, void *buffer, size_t count);
int64_t clinux_write(int32_t fd, const void *buffer, size_t count);
/* pipe2(2) with O_CLOEXEC and the given further flags. Both descriptors are owned by the caller. */
int32_t clinux_pipe(int32_t ends[2], int32_t flags);
/* memfd_create(2) with the given flags; MFD_CLOEXEC is always added. Returns an owned descriptor. */
int32_t clinux_memfd(const char *name, uint32_t flags);
/* lseek(2). Returns the new offset. */
int64_t clinux_seek(int32_t fd, int64_t offset, int32_t whence);
/* The constant text of an errno value, or NULL. */
const char *clinux_error_text(int32_t code);
/* rename(2). */
int32_t clinux_rename(const char *from, const char *to);
/* Makes a descriptor that a service manager passed close-on-exec. -EINVAL: it is no listening stream socket. */
int32_t clinux_adopt_listener(int32_t fd);
