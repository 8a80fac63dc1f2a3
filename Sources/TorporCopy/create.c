/* A tree of files becomes an archive. Links below the top are never followed, whoever changes the tree meanwhile. */
#include "copy.h"

enum { LISTING_BYTES = 4096 };

struct listed { uint64_t inode; int64_t offset; uint16_t length; uint8_t type; char name[]; };

static struct entry entry;
static char output[64 << 10];
static size_t waiting, name_length, top_length;
static const char *source;
static int status;

static void flush(void) {
    long result = write_all(1, output, waiting);
    /* Who reads has ended, and says why. */
    if (result < 0) leave(EXIT_NO_READER);
    waiting = 0;
}

/* Room for so much at least, at most half of what there is. */
static char *room(size_t count) {
    if (sizeof output - waiting < count) flush();
    return output + waiting;
}

static void note(const char *what) {
    tell(source, entry.name[top_length] == '/' ? entry.name + top_length + 1 : entry.name + top_length, what);
}

static void fail(const char *what) {
    note(what);
    status = EXIT_TOLD;
}

static void put_zeros(uint64_t count) {
    while (count) {
        size_t part = count < BLOCK_BYTES ? count : BLOCK_BYTES;
        memset(room(part), 0, part);
        waiting += part;
        count -= part;
    }
}

static void put_entry(const struct statx *state, char type, uint64_t size) {
    entry.type = type;
    entry.size = size;
    entry.mode = state->stx_mode & 07777;
    entry.uid = state->stx_uid;
    entry.gid = state->stx_gid;
    entry.seconds = state->stx_mtime.tv_sec;
    entry.nanoseconds = state->stx_mtime.tv_nsec;
    waiting += put_header(room(HEAD_MOST), &entry);
}

/* As many bytes as the header has promised, whatever becomes of the file meanwhile. */
static void put_content(int32_t file, uint64_t size) {
    uint64_t left = size;
    while (left) {
        char *to = room(sizeof output / 2);
        size_t most = sizeof output - waiting;
        long count = kernel(read, file, to, left < most ? left : most);
        if (count == -EINTR) continue;
        if (count <= 0) {
            fail(count < 0 ? reason(count) : "became shorter while it was read");
            put_zeros(left);
            break;
        }
        waiting += count;
        left -= count;
    }
    put_zeros(padded(size) - size);
}

static long state_of(int32_t parent, const char *name, uint32_t flags, struct statx *state) {
    return kernel(statx, parent, name, flags, STATX_BASIC_STATS, state);
}

/* Opens what was found to be of this type, and looks again: it may have been exchanged, by a named pipe that would
 * have to be waited for, too. */
static long open_again(int32_t parent, const char *name, uint32_t how, uint32_t type, struct statx *state) {
    long file = kernel(openat, parent, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | how, 0);
    if (file < 0) return file;
    long result = state_of((int32_t)file, "", AT_EMPTY_PATH, state);
    if (result >= 0 && (state->stx_mode & TYPE_MASK) != type) result = -EIO;
    if (result >= 0) return file;
    kernel(close, file);
    return result;
}

static void add(int32_t parent, const char *name, int follows, uint32_t level);

static void add_name(int32_t parent, const char *name, uint32_t level) {
    size_t before = name_length, length = text_length(name);
    /* A directory's name gets a slash at its end, too. */
    if (before + length + 3 > NAME_BYTES) {
        fail("the names below are too long");
        return;
    }
    entry.name[name_length++] = '/';
    memcpy(entry.name + name_length, name, length + 1);
    name_length += length;
    add(parent, name, 0, level);
    name_length = before;
    entry.name[name_length] = 0;
}

static void add_listed(int32_t directory, uint32_t level) {
    char listing[LISTING_BYTES] __attribute__((aligned(8)));
    if (level == DIRECTORY_LEVELS) {
        fail("more than 256 directories within each other are not copied");
        return;
    }
    for (;;) {
        long count = kernel(getdents64, directory, listing, sizeof listing);
        if (count < 0) fail(reason(count));
        if (count <= 0) return;
        for (char *at = listing; at < listing + count; at += ((struct listed *)at)->length) {
            const char *name = ((struct listed *)at)->name;
            if (!texts_equal(name, ".") && !texts_equal(name, "..")) add_name(directory, name, level + 1);
        }
    }
}

static void add_directory(int32_t parent, const char *name, uint32_t how, uint32_t level) {
    struct statx state;
    long directory = open_again(parent, name, O_DIRECTORY | how, TYPE_DIRECTORY, &state);
    if (directory < 0) {
        fail(reason(directory));
        return;
    }
    entry.name[name_length] = '/';
    entry.name[name_length + 1] = 0;
    put_entry(&state, '5', 0);
    entry.name[name_length] = 0;
    add_listed((int32_t)directory, level);
    kernel(close, directory);
}

static void add(int32_t parent, const char *name, int follows, uint32_t level) {
    struct statx state;
    uint32_t how = follows ? 0 : O_NOFOLLOW;
    long result = state_of(parent, name, follows ? 0 : AT_SYMLINK_NOFOLLOW, &state);
    if (result < 0) {
        fail(reason(result));
        return;
    }
    switch (state.stx_mode & TYPE_MASK) {
    case TYPE_DIRECTORY:
        add_directory(parent, name, how, level);
        return;
    case TYPE_REGULAR:
        result = open_again(parent, name, how, TYPE_REGULAR, &state);
        if (result < 0) break;
        put_entry(&state, '0', state.stx_size);
        put_content((int32_t)result, state.stx_size);
        kernel(close, result);
        return;
    case TYPE_LINK:
        result = kernel(readlinkat, parent, name, entry.target, NAME_BYTES - 1);
        if (result < 0) break;
        entry.target[result] = 0;
        put_entry(&state, '2', 0);
        entry.target[0] = 0;
        return;
    default:
        /* A failure for whoever asks for it by its name. */
        (level ? note : fail)("a socket, device or named pipe is not copied");
        return;
    }
    fail(reason(result));
}

/* What a file is called in the archive: the last part of its path. */
static const char *last_part(const char *path) {
    const char *last = path;
    for (const char *at = path; *at; at++)
        if (*at == '/' && at[1]) last = at + 1;
    return last;
}

int create(const char *path, const char *top, int follows) {
    struct statx state;
    source = path;
    long result = state_of(AT_FDCWD, path, follows ? 0 : AT_SYMLINK_NOFOLLOW, &state);
    if (result < 0) {
        tell(path, "", reason(result));
        return EXIT_TOLD;
    }
    const char *name = (state.stx_mode & TYPE_MASK) == TYPE_DIRECTORY ? top : last_part(path);
    name_length = top_length = text_length(name);
    if (name_length + 3 > NAME_BYTES) return EXIT_USAGE;
    memcpy(entry.name, name, name_length + 1);
    add(AT_FDCWD, path, follows, 0);
    /* An archive of nothing would be a success to who reads it. */
    if (status && !waiting) return status;
    put_zeros(2 * BLOCK_BYTES);
    flush();
    return status;
}
