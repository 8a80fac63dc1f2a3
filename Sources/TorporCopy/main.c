#include "copy.h"

#include <asm/signal.h>

__attribute__((noreturn)) void leave(int status) {
    for (;;) kernel(exit_group, status);
}

/* The texts that people know from everywhere. */
const char *reason(long error) {
    switch (-error) {
    case ENOENT: return "no such file or directory";
    case EACCES: return "permission denied";
    case EPERM: return "operation not permitted";
    case ENOTDIR: return "not a directory";
    case EISDIR: return "is a directory";
    case EEXIST: return "exists already";
    case ENOTEMPTY: return "the directory is not empty";
    case ENOSPC: return "no space left";
    case EDQUOT: return "the quota of disk space is used up";
    case EROFS: return "read-only file system";
    case ENAMETOOLONG: return "the name is too long";
    case ELOOP: return "a symbolic link, or too many of them";
    case EBUSY: return "in use, or a mount";
    case ETXTBSY: return "a program that runs";
    case EFBIG: return "the file is too large";
    case EMFILE:
    case ENFILE: return "too many open files";
    case ENOMEM: return "out of memory";
    case EIO: return "input/output error";
    case EINVAL: return "not allowed here";
    case ENOSYS: return "this system cannot do it";
    default: return "cannot be done";
    }
}

void tell(const char *path, const char *below, const char *what) {
    static char line[3 * NAME_BYTES];
    size_t end = text_length(path);
    int needs_slash = *below && end && path[end - 1] != '/';
    const char *parts[] = {path, needs_slash ? "/" : "", below, *path || *below ? ": " : "", what, "\n"};
    size_t length = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t most = sizeof line - length, part = text_length(parts[i]);
        if (part > most) part = most;
        memcpy(line + length, parts[i], part);
        length += part;
    }
    write_all(2, line, length);
}

long read_all(int32_t descriptor, void *bytes, size_t count) {
    size_t done = 0;
    while (done < count) {
        long result = kernel(read, descriptor, (char *)bytes + done, count - done);
        if (result == -EINTR) continue;
        if (result < 0) return result;
        if (!result) break;
        done += result;
    }
    return done;
}

long write_all(int32_t descriptor, const void *bytes, size_t count) {
    size_t done = 0;
    while (done < count) {
        long result = kernel(write, descriptor, (const char *)bytes + done, count - done);
        if (result == -EINTR) continue;
        if (result < 0) return result;
        done += result;
    }
    return done;
}

static int has(const char *flags, char flag) {
    while (*flags && *flags != flag) flags++;
    return *flags != 0;
}

/* Whoever makes files lives to remove the one that is not whole: the end of its input tells it that nobody is left. */
static void ignore_hang_ups(void) {
    struct sigaction ignored = {0};
    ignored.sa_handler = SIG_IGN;
    const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        kernel(rt_sigaction, signals[i], &ignored, 0, 8);
}

/* torpor-copy create|extract PATH NAME FLAGS */
void program_main(const long *stack) {
    const char *const *arguments = (const char *const *)(stack + 1);
    if (stack[0] != 5) leave(EXIT_USAGE);
    const char *path = arguments[2], *name = arguments[3], *flags = arguments[4];
    if (texts_equal(arguments[1], "create")) leave(create(path, name, has(flags, 'L')));
    if (!texts_equal(arguments[1], "extract")) leave(EXIT_USAGE);
    ignore_hang_ups();
    /* What is made has the mode that it is to have. */
    kernel(umask, 0);
    leave(extract(path, name, (has(flags, 'o') ? KEEP_OWNERS : 0) | (has(flags, 's') ? KEEP_SET_ID : 0)));
}
